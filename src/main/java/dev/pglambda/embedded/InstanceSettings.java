package dev.pglambda.embedded;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the embedded server resembles an instance of RDS: the cluster's superuser is {@code
 * rdsadmin}, whom no port lets in, and people get the master user {@code postgres}.
 *
 * @param superuser whether {@code postgres} is a superuser nevertheless
 * @param passwords whether every login needs a password
 * @param passwordVerifier what is stored of the password that {@code postgres} is given (manual,
 *     {@code pg_authid}), without a quote; null: it stays as it is
 * @param keys what only the scripts of extensions may read, in {@link #KEYS_FILE}
 * @param databaseScript statements that are run in every database, as {@code rdsadmin}, when they
 *     or the keys are others than at the last start; they never hold a secret
 */
public record InstanceSettings(
    boolean superuser,
    boolean passwords,
    @Nullable String passwordVerifier,
    String keys,
    List<String> databaseScript) {

  /** Name of the file with the keys, as {@code pg_read_file} finds it. */
  public static final String KEYS_FILE = "pg-lambda-proxy.keys";

  /** The user that people get. */
  public static final String MASTER_USER = "postgres";

  /** Superuser of the cluster, with the object ID 10. */
  static final String ADMINISTRATOR = "rdsadmin";

  public InstanceSettings {
    databaseScript = List.copyOf(databaseScript);
  }

  @Override
  public String toString() {
    return "InstanceSettings[superuser=" + superuser + ", passwords=" + passwords + "]";
  }
}
