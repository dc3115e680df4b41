package dev.pglambda.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.Browser;
import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.PostgresServer;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;

/**
 * A browser before the page of a whole proxy, and a database whose calls it shows; {@code
 * notify-order} returns its payload. For one thread.
 */
final class PageStage implements AutoCloseable {
  private static final int WIDTH = 1280;
  private static final int HEIGHT = 800;

  /** Value of {@code --admin}. */
  static final String ANY_PORT = "127.0.0.1:0";

  private final Browser browser;
  private final LambdaDatabase database;

  private PageStage(Browser browser, LambdaDatabase database) {
    this.browser = browser;
    this.database = database;
  }

  /** Skips the calling test where there is no browser. */
  static PageStage start() {
    Browser browser = Browser.start();
    return new PageStage(browser, another("--admin", ANY_PORT));
  }

  /** As at the beginning: no calls, and the page shows that. */
  void begin() throws IOException, InterruptedException {
    database.lambda().forgetReplies();
    database.lambda().on("notify-order", Reply.echo());
    HttpRequest delete =
        HttpRequest.newBuilder(page().resolve("/api/invocations")).DELETE().build();
    assertThat(HttpClient.newHttpClient().send(delete, BodyHandlers.ofString()).statusCode())
        .isEqualTo(204);
    open("");
    browser.complaints(); // those of the test before
  }

  /**
   * Opens the page anew.
   *
   * @param view part of the address that says what is shown, for example {@code #outcome=ok}
   */
  void open(String view) {
    open(page().resolve("/" + view), WIDTH);
    browser.awaitText("#connection", "connected");
  }

  /** Opens a page in a window that is so many pixels wide. */
  void open(URI address, int width) {
    browser.open(address, width, HEIGHT);
  }

  Browser browser() {
    return browser;
  }

  URI page() {
    return database.proxy().admin();
  }

  LambdaDatabase database() {
    return database;
  }

  /** Another proxy and another database. */
  static LambdaDatabase another(String... arguments) {
    List<String> versions = PostgresServer.versions();
    LambdaDatabase database = LambdaDatabase.of(versions.get(versions.size() - 1), arguments);
    database.lambda().on("notify-order", Reply.echo());
    return database;
  }

  /** Calls a function, which may fail. */
  static void call(Connection connection, String function, String payload) throws SQLException {
    try {
      Queries.rows(
          connection,
          "SELECT * FROM aws_lambda.invoke(?, ?::json, NULL, 'RequestResponse', 'Tail')",
          function,
          payload);
    } catch (SQLException e) {
      if (!connection.isValid(1)) {
        throw e;
      }
    }
  }

  @Override
  public void close() {
    browser.close();
    database.close();
  }
}
