package dev.pglambda.admin;

import dev.pglambda.testing.Browser;
import dev.pglambda.testing.LambdaDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** A browser for all tests of a class, and a page without calls for each. */
@TestInstance(Lifecycle.PER_CLASS)
abstract class PageTest {
  PageStage stage;
  Browser browser;
  LambdaDatabase database;
  Connection connection;
  private @Nullable PageStage started;

  @BeforeAll
  void start() {
    stage = PageStage.start();
    started = stage;
    browser = stage.browser();
    database = stage.database();
  }

  @AfterAll
  void stop() {
    if (started != null) {
      started.close();
    }
  }

  @BeforeEach
  void begin() throws Exception {
    stage.begin();
    connection = database.connect();
  }

  /** As if another tab was chosen, or this one again. */
  final void look(boolean isVisible) {
    browser.run(
        """
        Object.defineProperty(document, 'hidden', { value: arguments[0], configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
        """,
        !isVisible);
  }

  @AfterEach
  void disconnect() throws SQLException {
    connection.close();
  }
}
