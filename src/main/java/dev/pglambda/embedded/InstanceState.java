package dev.pglambda.embedded;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;

/**
 * What the last complete set-up of a cluster left, kept in a file beside the cluster's own.
 *
 * @param known whether there was one: not for a cluster of an earlier version of this program, nor
 *     for one whose set-up was interrupted
 * @param superuser whether {@code postgres} was superuser
 * @param fingerprint of what had been run in every database
 */
record InstanceState(boolean known, boolean superuser, String fingerprint) {

  private static final String FILE = "pg-lambda-proxy.state";

  /** Whether roles and objects may be another superuser's than {@code rdsadmin}'s. */
  boolean mayHaveOtherSuperusers() {
    return !known || superuser;
  }

  static InstanceState read(Path cluster) throws IOException {
    Path file = cluster.resolve(FILE);
    if (!Files.exists(file)) {
      return new InstanceState(false, false, "");
    }
    Properties properties = new Properties();
    properties.load(new StringReader(Files.readString(file)));
    return new InstanceState(
        true,
        !"off".equals(properties.getProperty("superuser")),
        properties.getProperty("fingerprint", ""));
  }

  void write(Path cluster, ProgramLauncher launcher) throws IOException {
    String text = "superuser=%s\nfingerprint=%s\n".formatted(superuser ? "on" : "off", fingerprint);
    PrivateFile.replace(cluster.resolve(FILE), text, launcher);
  }
}
