package dev.pglambda.client.tls;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pglambda.testing.Psql;
import dev.pglambda.testing.Queries;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A client with its default settings, but for the connection string. */
enum LoginClient {
  PSQL {
    @Override
    List<String> logIn(List<Login> logins) throws Exception {
      List<String> answers = new ArrayList<>();
      for (Login login : logins) {
        answers.add(psql(login, ""));
      }
      return answers;
    }
  },
  PGJDBC {
    @Override
    List<String> logIn(List<Login> logins) {
      List<String> answers = new ArrayList<>();
      for (Login login : logins) {
        answers.add(pgjdbc(login, ""));
      }
      return answers;
    }
  },
  PSYCOPG {
    @Override
    List<String> logIn(List<Login> logins) throws Exception {
      require("Debian's package python3-psycopg", PYTHON, "-c", "import psycopg");
      return run(logins, PYTHON, script("login_psycopg.py"));
    }
  },
  ASYNCPG {
    @Override
    List<String> logIn(List<Login> logins) throws Exception {
      require("Debian's package python3-asyncpg", PYTHON, "-c", "import asyncpg");
      return run(logins, PYTHON, script("login_asyncpg.py"));
    }
  },
  NODE_POSTGRES {
    @Override
    List<String> logIn(List<Login> logins) throws Exception {
      require(
          "npm install --prefix target/npm pg, or Debian's package node-pg",
          "node",
          "-e",
          "require('pg')");
      return run(logins, "node", script("login_node.js"));
    }
  };

  private static final Logger log = LoggerFactory.getLogger(LoginClient.class);

  /** Debian's own, which has the packages. */
  private static final String PYTHON = "/usr/bin/python3";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long PATIENCE_SECONDS = 60;

  /**
   * What a connection string says, and what is asked in the session.
   *
   * @param rootCertificate null: no TLS; else its file, by which the proxy's certificate is
   *     verified
   */
  record Login(
      int port, String user, String password, @Nullable Path rootCertificate, String query) {
    private Map<String, Object> parameters() {
      Map<String, Object> parameters = new LinkedHashMap<>();
      parameters.put("host", "localhost");
      parameters.put("port", port);
      parameters.put("user", user);
      parameters.put("dbname", "postgres");
      parameters.put("sslmode", rootCertificate == null ? "disable" : "verify-full");
      parameters.put("sslrootcert", rootCertificate == null ? "" : rootCertificate.toString());
      return parameters;
    }
  }

  /**
   * Logs in with each, in turn.
   *
   * @return for each what the query says, or why there is no session
   */
  abstract List<String> logIn(List<Login> logins) throws Exception;

  /** With more parameters, for example {@code channel_binding=require}. */
  static String psql(Login login, String more) throws IOException, InterruptedException {
    StringBuilder connection = new StringBuilder(more);
    login
        .parameters()
        .forEach((name, value) -> connection.append(" %s='%s'".formatted(name, value)));
    return Psql.program("psql", "--no-psqlrc", "-At", "--no-password", connection.toString().trim())
        .as(login.user(), login.password())
        .run(login.query())
        .text()
        .replaceAll("\\s+", " ")
        .trim();
  }

  /** With more parameters, for example {@code &channelBinding=require}. */
  static String pgjdbc(Login login, String more) {
    StringBuilder url =
        new StringBuilder("jdbc:postgresql://localhost:" + login.port() + "/postgres?");
    url.append(
        login.rootCertificate() == null
            ? "sslmode=disable"
            : "sslmode=verify-full&sslrootcert=" + login.rootCertificate());
    try (Connection connection =
        DriverManager.getConnection(url + more, login.user(), login.password())) {
      return Queries.row(connection, login.query());
    } catch (SQLException e) {
      return "ERROR " + e.getMessage();
    }
  }

  private static String script(String name) {
    return Path.of("src", "test", "resources", "drivers", name).toString();
  }

  /** Skips the test unless a command succeeds. */
  private static void require(String what, String... command)
      throws IOException, InterruptedException {
    if (!succeeds(command)) {
      String reason = "no " + String.join(" ", command) + " (expected: " + what + ")";
      log.warn("SKIPPED: {}", reason);
      Assumptions.abort(reason);
    }
  }

  private static boolean succeeds(String... command) throws InterruptedException {
    try {
      return start(command).start().waitFor() == 0;
    } catch (IOException noSuchProgram) {
      return false;
    }
  }

  private static ProcessBuilder start(String... command) {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("PG"));
    builder
        .environment()
        .put(
            "NODE_PATH",
            Path.of("target", "npm", "node_modules").toAbsolutePath() + ":/usr/share/nodejs");
    return builder;
  }

  private static List<String> run(List<Login> logins, String... command)
      throws IOException, InterruptedException {
    Process process = start(command).start();
    try (var in = process.outputWriter(UTF_8)) {
      for (Login login : logins) {
        in.write(json(login) + "\n");
      }
    }
    List<String> answers = process.inputReader(UTF_8).lines().toList();
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    return answers;
  }

  private static String json(Login login) throws JsonProcessingException {
    Map<String, Object> parameters = login.parameters();
    parameters.put("password", login.password());
    parameters.put("query", login.query());
    return JSON.writeValueAsString(parameters);
  }
}
