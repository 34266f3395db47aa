/*
 * What the questions about envelopes share.
 */
#ifndef NETIPC_TESTEE_ENVELOPE_H
#define NETIPC_TESTEE_ENVELOPE_H

#include "netipc/error.h"
#include "testee.h"

/* The name of what is wrong with a header, a chunk or a directory, in a session; dies of any other problem. */
const char *testee_problem(const netipc_error *error);

/* A script that runs: reads what to do, writes what came of it. */
typedef void testee_script(testee_json *in, testee_text *out);

testee_script testee_run_handshake_server;
testee_script testee_run_handshake_client;
testee_script testee_run_chunker;
testee_script testee_run_session;

/* Reads `,"name":` or `{"name":`, and the number behind it. */
uint64_t testee_member(testee_json *in, const char *name, uint64_t most);
/* Writes the same. */
void testee_put_member(testee_text *out, const char *name, uint64_t number);

#endif
