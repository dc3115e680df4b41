package dev.pglambda.config;

/** Where a PostgreSQL server is; printed as it is written on a command line. */
public sealed interface ServerAddress permits HostAndPort, UnixSocket {}
