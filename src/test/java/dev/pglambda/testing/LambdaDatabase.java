package dev.pglambda.testing;

import dev.pglambda.StartException;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A new database, a proxy of its own before the server, and a Lambda of its own behind the proxy.
 * The server is everybody's.
 */
public final class LambdaDatabase implements AutoCloseable {
  private final PostgresServer postgres;
  private final @Nullable FakeLambdaEndpoint lambda;
  private final ProxyUnderTest proxy;
  private final String name;

  private LambdaDatabase(
      PostgresServer postgres,
      @Nullable FakeLambdaEndpoint lambda,
      ProxyUnderTest proxy,
      String name) {
    this.postgres = postgres;
    this.lambda = lambda;
    this.proxy = proxy;
    this.name = name;
  }

  /** One with the extension for each version of PostgreSQL, started when it is its turn. */
  public static Stream<LambdaDatabase> ofEachVersion() {
    return PostgresServer.versions().stream().map(version -> of(version));
  }

  /** One with the extension for the newest version, for what does not depend on versions. */
  public static Stream<LambdaDatabase> ofNewestVersion() {
    List<String> versions = PostgresServer.versions();
    return versions.stream().skip(versions.size() - 1L).map(version -> of(version));
  }

  /** One with the extension for the oldest and one for the newest version, for long tests. */
  public static Stream<LambdaDatabase> ofOldestAndNewestVersion() {
    return oldestAndNewestVersion().map(version -> of(version));
  }

  /** The oldest version of PostgreSQL and the newest. */
  public static Stream<String> oldestAndNewestVersion() {
    List<String> versions = PostgresServer.versions();
    return Stream.of(versions.get(0), versions.get(versions.size() - 1)).distinct();
  }

  /** Like {@link #ofEachVersion}, with the proxy's sample functions for a Lambda. */
  public static Stream<LambdaDatabase> withSampleFunctionsOfEachVersion() {
    return PostgresServer.versions().stream()
        .map(version -> start(PostgresServer.of(version), null, "--sample-functions", "on"));
  }

  /**
   * One with the extension, installed through the proxy.
   *
   * @param arguments further arguments of the proxy
   */
  public static LambdaDatabase of(String version, String... arguments) {
    return installed(start(PostgresServer.of(version), FakeLambdaEndpoint.start(), arguments));
  }

  /**
   * One with the extension for the newest version, where functions of this machine answer.
   *
   * @param functions value of {@code --functions}
   */
  public static LambdaDatabase withFunctions(String functions) {
    List<String> versions = PostgresServer.versions();
    PostgresServer newest = PostgresServer.of(versions.get(versions.size() - 1));
    return installed(start(newest, null, "--functions", functions));
  }

  private static LambdaDatabase installed(LambdaDatabase database) {
    try (Connection connection = database.connect()) {
      Queries.execute(connection, "CREATE EXTENSION aws_lambda CASCADE");
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return database;
  }

  /**
   * An empty one.
   *
   * @param arguments further arguments of the proxy
   */
  public static LambdaDatabase withoutExtension(String version, String... arguments) {
    return start(PostgresServer.of(version), FakeLambdaEndpoint.start(), arguments);
  }

  /** An empty one on a server that has the extensions' files. */
  public static LambdaDatabase withControlFiles(String version, String... arguments) {
    return start(PostgresServer.of(version, true), FakeLambdaEndpoint.start(), arguments);
  }

  private static LambdaDatabase start(
      PostgresServer postgres, @Nullable FakeLambdaEndpoint lambda, String... arguments) {
    try {
      ProxyUnderTest proxy =
          lambda == null
              ? ProxyUnderTest.start(postgres, arguments)
              : ProxyUnderTest.start(postgres, lambda, arguments);
      return new LambdaDatabase(postgres, lambda, proxy, postgres.createDatabase());
    } catch (IOException | StartException | SQLException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** PostgreSQL's major version. */
  public String version() {
    return Integer.toString(postgres.majorVersion());
  }

  public PostgresServer postgres() {
    return postgres;
  }

  public FakeLambdaEndpoint lambda() {
    return Objects.requireNonNull(lambda, "sample functions answer here");
  }

  public ProxyUnderTest proxy() {
    return proxy;
  }

  public String name() {
    return name;
  }

  /** A connection through the proxy, as the superuser. */
  public Connection connect() throws SQLException {
    return proxy.connect(name);
  }

  /**
   * A connection through the proxy, as the superuser.
   *
   * @param options parameters of pgjdbc's URL, for example {@code preferQueryMode=simple}
   */
  public Connection connect(String options) throws SQLException {
    return proxy.connect(name, postgres.user(), "", "&" + options);
  }

  /** A connection through the proxy, as a role that needs no password. */
  public Connection connectAs(String role) throws SQLException {
    return proxy.connect(name, role, "", "");
  }

  /** A connection to the server, which the proxy knows nothing of. */
  public Connection connectDirectly() throws SQLException {
    return postgres.connect(name);
  }

  /** The same, with parameters of pgjdbc's URL. */
  public Connection connectDirectly(String options) throws SQLException {
    return postgres.connect(name + "?" + options);
  }

  @Override
  public void close() {
    proxy.close();
    if (lambda != null) {
      lambda.close();
    }
  }

  /** For the names of the tests. */
  @Override
  public String toString() {
    return "PostgreSQL " + version();
  }
}
