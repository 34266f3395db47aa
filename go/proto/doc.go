// Package proto is the plugin-ipc wire protocol as pure state machines.
//
// Bytes and the current time go in; bytes, verdicts and deadlines come out. The package must never contain a socket, a
// clock, a goroutine, a log call or the meaning of any payload: transports move packets, and services give payloads
// their types. It implements the pages envelope.md and handshake.md of the specification, the growth of limits in
// level2.md and the kinds of errors.md; the ids such as NIPC-ENV-01 are theirs.
//
// A connection starts with one packet each way: [ServerPolicy] and [Proposal] judge them and settle on [Agreed]. A
// [Session] then checks every packet received and, with a [Chunker], turns every message sent into packets.
//
// # Memory
//
// What the functions called Append… write goes to the end of a buffer of the caller, as with the built-in append; with
// room in it they allocate nothing. What is received is a part of the packet that was passed in; only a message that
// came in several packets is put together in memory of its session. Headers, batches and messages of one packet are
// written and read without an allocation.
//
// # Errors
//
// Every error has a [Kind], which says who has to act, and errors.Is(err, [LimitExceeded]) asks for it. The types
// behind the errors, such as [Violation], say more: a [Reason] and the numbers.
//
// # Concurrency
//
// Nothing here is safe for concurrent use unless it says so. Values without pointers may be copied.
package proto
