module example.org/ip-to-asn

go 1.26

require github.com/netdata/plugin-ipc/go v0.0.0

replace github.com/netdata/plugin-ipc/go => ../../../go
