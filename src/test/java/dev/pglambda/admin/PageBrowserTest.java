package dev.pglambda.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in a browser: calls as they are made, and what can be done with one. */
class PageBrowserTest extends PageTest {
  /** Notes for each call how many milliseconds after its beginning its row has appeared. */
  private static final String WATCH_ROWS =
      """
      window.sameDocument = true;
      window.appeared = new Map();
      new MutationObserver(() => document.querySelectorAll('.row').forEach((row) => {
        if (!appeared.has(row.call.id)) {
          appeared.set(row.call.id, Date.now() - Date.parse(row.call.started_at));
        }
      })).observe(document.getElementById('rows'), { childList: true, subtree: true });
      """;

  @Test
  void showsTheCallOfATriggerWithin200MillisecondsAndWithoutAReload() throws SQLException {
    Queries.execute(
        connection,
        "CREATE TABLE orders (id int)",
        """
        CREATE FUNCTION notify() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM aws_lambda.invoke('notify-order', json_build_object('id', NEW.id));
          RETURN NEW;
        END $$
        """,
        "CREATE TRIGGER notify AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION notify()",
        "INSERT INTO orders VALUES (0)");
    browser.awaitText(".row", "notify-order");
    browser.run(WATCH_ROWS);

    for (int i = 1; i <= 20; i++) {
      Queries.execute(connection, "INSERT INTO orders VALUES (" + i + ")");
      String rows = "return String(appeared.size > " + i + ")";
      browser.awaitResult(rows, "true");
    }

    // The first is older than the watch.
    double median =
        browser.number("return [...appeared.values()].slice(1).sort((a, b) => a - b)[10]");
    assertThat(median).as("ms from a call's beginning to its row").isBetween(0.0, 200.0);
    assertThat(browser.run("return window.sameDocument")).isEqualTo("true");
    browser.click(".row");
    browser.awaitText(".statement", "INSERT INTO orders VALUES (20)");
    browser.awaitText("dl.facts", database.name());
  }

  @Test
  void showsRequestAndAnswerPrettyAndAsTheyCame() throws SQLException {
    String payload = "{\"big\":12345678901234567890.10,  \"a\":[1,{}],\"a\":\"\\u00e9\\\"\"}";
    database.lambda().on("notify-order", Reply.echo().withLog("hello from the log"));
    Queries.rows(
        connection,
        "SELECT * FROM aws_lambda.invoke('notify-order', ?::json, NULL, 'RequestResponse', 'Tail')",
        payload);

    browser.click(".row");

    String pretty =
        """
        {
          "big": 12345678901234567890.10,
          "a": [
            1,
            {}
          ],
          "a": "\\u00e9\\""
        }""";
    browser.awaitText("[data-pane=request] .block", "big");
    assertThat(browser.text("[data-pane=request] .block")).isEqualTo(pretty);
    assertThat(browser.text("[data-pane=response] .block")).isEqualTo(pretty);
    assertThat(browser.text(".log")).contains("hello from the log");
    assertThat(browser.text(".timeline")).contains("total");
    browser.click("[data-pane=request] .modes button:last-child");
    assertThat(browser.text("[data-pane=request] .block")).isEqualTo(payload);
    assertThat(browser.count("[data-pane=request] .block *")).isZero();
  }

  @Test
  void showsAnErrorAsSqlSawIt() throws SQLException {
    var error = Queries.error(connection, "SELECT aws_lambda.invoke('nowhere', '{}'::json)");

    browser.click(".row");

    browser.awaitText(".error", String.valueOf(error.getSQLState()));
    assertThat(browser.text(".error"))
        .contains(String.valueOf(error.getMessage()))
        .contains(String.valueOf(error.getDetail()));
    assertThat(browser.run("return document.querySelector('.row').dataset.outcome"))
        .isEqualTo("error");
  }

  @Test
  void filtersByFunctionOutcomeDatabaseAndWhatPayloadsSay() throws SQLException {
    PageStage.call(connection, "notify-order", "{\"customer\": \"Ana\"}");
    PageStage.call(connection, "notify-order", "{\"customer\": \"Berta\"}");
    Queries.error(connection, "SELECT aws_lambda.invoke('nowhere', '{}'::json)");
    browser.awaitText("#count", "3 calls");

    browser.fill("#filter-function", "NOTIFY");
    browser.awaitText("#count", "2 of 3 calls");
    browser.fill("#filter-text", "berta");
    browser.awaitText("#count", "1 of 3 calls");
    assertThat(browser.address()).contains("function=NOTIFY").contains("text=berta");

    browser.reload();
    browser.awaitText("#count", "1 of 3 calls");
    PageStage.call(connection, "notify-order", "{\"customer\": \"Berta again\"}");
    browser.awaitText("#count", "2 of 4 calls");
    stage.open("#outcome=failed");
    browser.awaitText("#count", "1 of 4 calls");
    assertThat(browser.text(".row .name")).isEqualTo("nowhere");
    stage.open("#database=another");
    browser.awaitText("#no-calls", "No call passes the filter.");
    stage.open("#database=" + database.name());
    browser.awaitText("#count", "4 of 4 calls");
  }

  @Test
  void saysThatASearchHasFailedAndSearchesAgain() throws SQLException {
    PageStage.call(connection, "notify-order", "{\"customer\": \"Ana\"}");
    browser.awaitText("#count", "1 call");
    browser.run(
        """
        const real = window.fetch;
        window.fetch = (path, options) => {
          if (!path.includes('text=')) {
            return real(path, options);
          }
          window.fetch = real;
          return Promise.reject(new Error('too many searches'));
        };
        """);

    browser.fill("#filter-text", "ana");

    browser.awaitText("#notice", "too many searches");
    browser.awaitText("#count", "1 of 1 call");
  }

  @Test
  void endsASearchWhenAnotherIsTyped() throws SQLException {
    PageStage.call(connection, "notify-order", "{\"customer\": \"Ana\"}");
    browser.run(
        """
        const real = window.fetch;
        window.searches = [];
        window.fetch = (path, options) => {
          if (!path.includes('text=berta')) {
            return real(path, options);
          }
          searches.push(options.signal);
          return new Promise(() => {});
        };
        """);
    browser.fill("#filter-text", "berta");
    browser.awaitResult("return String(searches.length)", "1");

    browser.fill("#filter-text", "ana");

    browser.awaitText("#count", "1 of 1 call");
    assertThat(browser.run("return searches.map((signal) => signal.aborted).join()"))
        .isEqualTo("true");
  }

  @Test
  void replaysACallByteForByteAndSaysWhatItRepeats() throws SQLException {
    String payload = "{\"n\" :1.0,\n\"text\":\"é\"}";
    int requests = database.lambda().requests().size();
    PageStage.call(connection, "notify-order", payload);
    browser.click(".row");
    browser.awaitText(".detail .number", "#");
    String repeated = browser.text(".detail .number");

    browser.click(".detail button.primary");

    browser.awaitText(".detail .again", "replay of " + repeated);
    assertThat(database.lambda().requests().stream().skip(requests))
        .extracting(request -> request.text())
        .containsExactly(payload, payload);
    browser.click(".detail .again a");
    browser.awaitText(".detail .again", "replayed as #");
  }

  @Test
  void replaysOnceHoweverLongTheKeyIsHeld() throws SQLException {
    int requests = database.lambda().requests().size();
    PageStage.call(connection, "notify-order", "{}");
    browser.click(".row");
    browser.awaitText(".detail .number", "#");

    browser.run(
        """
        const press = (repeat) => document.body.dispatchEvent(
          new KeyboardEvent('keydown', { key: 'r', repeat, bubbles: true, cancelable: true }));
        press(false);
        for (let i = 0; i < 20; i++) {
          press(true);
        }
        press(false); // the answer to the first is not here yet
        """);
    browser.awaitText(".detail .again", "replay of #");
    browser.run("document.querySelector('.detail .again a').click()");
    browser.awaitText(".detail .again", "replayed as #");
    browser.press("r");
    browser.awaitText(".detail .again", "replay of #");

    assertThat(database.lambda().requests()).hasSize(requests + 3);
  }

  @Test
  void replaysACallWithAnotherPayloadIfItIsJson() throws SQLException {
    int requests = database.lambda().requests().size();
    PageStage.call(connection, "notify-order", "{\"n\": 1}");
    browser.click(".row");
    browser.awaitText(".detail .number", "#");
    browser.press("e");
    browser.fill(".editor textarea", "{\"n\": ");
    browser.awaitText(".validity", "not JSON");
    assertThat(browser.run("return document.querySelector('.editor .primary').disabled"))
        .isEqualTo("true");

    browser.fill(".editor textarea", "{\"n\": 2, \"x\": \"</textarea>\"}");
    browser.click(".editor .primary");

    browser.awaitText(".detail .again", "replay of #");
    assertThat(database.lambda().requests().stream().skip(requests))
        .extracting(request -> request.text())
        .containsExactly("{\"n\": 1}", "{\"n\": 2, \"x\": \"</textarea>\"}");
  }

  @Test
  void writesACallAsSqlThatMakesTheSameCall() throws SQLException {
    String payload = "{\"it's\":\r\"a \\\\ backslash \\u0041 \u007f\u009b2J\"}";
    int requests = database.lambda().requests().size();
    Queries.rows(
        connection,
        """
        SELECT * FROM aws_lambda.invoke('notify-order', ?::json, 'eu-west-1', 'Event', 'None',
          '{"custom": {"a": "it''s"}}'::json, 'blue')
        """,
        payload);
    browser.awaitText(".row", "notify-order");

    String statement = written("asSql");
    Queries.execute(connection, statement);

    assertThat(statement).matches("[^\\x00-\\x1f\\x7f-\\x9f]*");
    var made = database.lambda().requests().stream().skip(requests).toList();
    assertThat(made).hasSize(2);
    assertThat(made.get(1).text()).isEqualTo(payload).isEqualTo(made.get(0).text());
    assertThat(made.get(1).qualifier()).isEqualTo("blue");
    assertThat(made.get(1).header("X-Amz-Client-Context"))
        .isEqualTo(made.get(0).header("X-Amz-Client-Context"));
    assertThat(made.get(1).header("X-Amz-Invocation-Type")).isEqualTo("Event");
    assertThat(made.get(1).signingRegion()).isEqualTo("eu-west-1");
  }

  @Test
  void writesACallAsACommandWhoseWordsAShellDoesNotChange(@TempDir Path directory)
      throws Exception {
    String payload = "{\"it's\": \"$(touch x) `touch x` \\\\ \\u0041 \\\"\",\n\"b\": 1}";
    PageStage.call(connection, "notify-order", payload);
    browser.awaitText(".row", "notify-order");
    Path script = directory.resolve("script");
    Files.writeString(script, "aws() { printf '%s\\0' \"$@\"; }\n" + written("asCommand"));

    Process bash =
        new ProcessBuilder("bash", script.toString()).directory(directory.toFile()).start();
    String output = new String(bash.getInputStream().readAllBytes(), UTF_8);

    assertThat(output.split("\0"))
        .containsExactly(
            "lambda",
            "invoke",
            "--function-name=notify-order",
            "--region=us-east-1",
            "--log-type=Tail",
            "--payload=" + payload,
            "--cli-binary-format",
            "raw-in-base64-out",
            "/dev/stdout");
    assertThat(directory.resolve("x")).doesNotExist();
  }

  /** The latest call in the words of a function of the page. */
  private String written(String function) {
    return browser.runAsync(
        """
        Promise.all([import(location.origin + '/copy.js'), import(location.origin + '/api.js')])
          .then(async ([copy, { api }]) => {
            const id = document.querySelector('.row').call.id;
            return copy[arguments[0]](await api('/api/invocations/' + id));
          })
        """,
        function);
  }

  @Test
  void forgetsCallsOnlyWhenThatIsConfirmed() throws SQLException {
    PageStage.call(connection, "notify-order", "{}");
    browser.awaitText("#count", "1 call");

    browser.click("#clear");
    browser.click("#confirm-clear [value=cancel]");
    browser.click(".row");
    browser.awaitText(".detail .number", "#");
    browser.click("#clear");
    browser.click("#confirm-clear [value=clear]");

    browser.awaitText("#no-calls", "No calls yet");
    browser.reload();
    browser.awaitText(".detail", "is not kept any more");
  }
}
