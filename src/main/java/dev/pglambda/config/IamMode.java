package dev.pglambda.config;

/** Whether users log in to the proxy by authentication tokens of IAM: {@code --iam-auth}. */
enum IamMode {
  OFF,

  /** Yes, and the proxy must have the credentials that a token was signed with. */
  ON,

  /** Yes, and a token that was signed with other credentials counts, too. */
  UNVERIFIED
}
