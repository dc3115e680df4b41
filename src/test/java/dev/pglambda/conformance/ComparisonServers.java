package dev.pglambda.conformance;

import dev.pglambda.StartException;
import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.ProxyUnderTest;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;

/**
 * Two servers of a version, one without the extensions' files and a proxy before it, the other with
 * them; a database in each, and roles.
 */
final class ComparisonServers implements AutoCloseable {
  /** A superuser other than the one who made the cluster. */
  static final String SUPERUSER = "comparison_superuser";

  /** May create schemas in the database. */
  static final String OWNER = "comparison_owner";

  /** Has no rights; {@link #OWNER} may SET ROLE to it. */
  static final String USER = "comparison_user";

  private static final List<String> ROLES = List.of(SUPERUSER, OWNER, USER);

  private static final ComparisonScript CLEAN = ComparisonScript.read("clean.sql").get(0);

  private final PostgresServer without;
  private final PostgresServer with;
  private final ProxyUnderTest proxy;
  private final String databaseWithout;
  private final String databaseWith;
  private final Transcriber transcriberWithout;
  private final Transcriber transcriberWith;
  private final ComparisonSession catalogsWithout;
  private final ComparisonSession catalogsWith;

  ComparisonServers(String version, FakeLambdaEndpoint lambda)
      throws SQLException, IOException, StartException, InterruptedException {
    without = PostgresServer.of(version);
    with = PostgresServer.of(version, true);
    proxy = ProxyUnderTest.start(without, lambda, "--trusted-roles", OWNER);
    databaseWithout = prepare(without);
    databaseWith = prepare(with);
    transcriberWithout = new Transcriber(new ServerTypes(target(without, databaseWithout)));
    transcriberWith = new Transcriber(new ServerTypes(target(with, databaseWith)));
    catalogsWithout =
        new ComparisonSession(target(without, databaseWithout), without.user(), transcriberWithout);
    catalogsWith = new ComparisonSession(target(with, databaseWith), with.user(), transcriberWith);
  }

  private static String prepare(PostgresServer server) throws SQLException {
    String database = server.createDatabase();
    server.execute(
        "CREATE ROLE " + SUPERUSER + " LOGIN SUPERUSER",
        "CREATE ROLE " + OWNER + " LOGIN",
        "CREATE ROLE " + USER + " LOGIN",
        "GRANT " + USER + " TO " + OWNER,
        "GRANT CREATE ON DATABASE " + database + " TO " + OWNER);
    try (var connection = server.connect(database);
        var statement = connection.createStatement()) {
      // As up to 14, so that a plain role can make dependents.
      statement.execute("GRANT CREATE ON SCHEMA public TO PUBLIC");
    }
    return database;
  }

  /** The superuser who made the clusters. */
  String administrator() {
    return with.user();
  }

  /** A session through the proxy, with the server without files. */
  ComparisonSession proxied(String role) throws IOException {
    Target target =
        new Target(
            proxy.host(), proxy.port(), without.user(), databaseWithout, without.majorVersion());
    return new ComparisonSession(target, role, transcriberWithout);
  }

  /** A session with the server that has the files, without a proxy. */
  ComparisonSession reference(String role) throws IOException {
    return new ComparisonSession(target(with, databaseWith), role, transcriberWith);
  }

  /** An administrator's session for the database behind the proxy. */
  ComparisonSession proxiedCatalogs() {
    return catalogsWithout;
  }

  /** An administrator's session for the other. */
  ComparisonSession referenceCatalogs() {
    return catalogsWith;
  }

  /** Drops everything that a script can leave. */
  void cleanUp() throws IOException {
    for (ComparisonSession session : List.of(catalogsWithout, catalogsWith)) {
      for (List<TranscriptLine> answer : session.run(CLEAN, Mode.SIMPLE)) {
        if (answer.stream().anyMatch(line -> line.name().equals("ErrorResponse"))) {
          throw new IOException("cannot clean up: " + answer);
        }
      }
    }
  }

  private static Target target(PostgresServer server, String database) {
    return new Target(server.host(), server.port(), server.user(), database, server.majorVersion());
  }

  @Override
  public void close() throws SQLException, IOException {
    proxy.close();
    catalogsWithout.close();
    catalogsWith.close();
    remove(without, databaseWithout);
    remove(with, databaseWith);
  }

  private static void remove(PostgresServer server, String database) throws SQLException {
    server.execute("DROP DATABASE " + database);
    for (String role : ROLES) {
      server.execute("DROP ROLE " + role);
    }
  }
}
