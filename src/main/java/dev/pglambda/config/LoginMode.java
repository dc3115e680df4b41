package dev.pglambda.config;

/** Who logs in to the server: {@code --login}. */
public enum LoginMode {
  /** The client, whose messages pass as they are. */
  PASSTHROUGH,

  /** The proxy, with the password that the client sends it inside TLS, wherever that can be. */
  ASK,

  /** The proxy, if the client's login cannot succeed; else the client. */
  AUTO
}
