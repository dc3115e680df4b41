package dev.pglambda.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.openqa.selenium.Keys;

/** The page with calls that mean it harm, and with many. */
class PageBurdenBrowserTest extends PageTest {
  private static final int CALLS = 10_000;

  /** Each does something if it is taken for markup, or for the end of some. */
  private static final String HOSTILE =
      "<img src=x onerror=window.hacked=1><script>window.hacked=1</script></textarea></script>"
          + "<svg onload=window.hacked=1>\u202Egnol\u2066\" onmouseover=\"window.hacked=1";

  @Test
  void takesNothingOfACallForMarkup() throws Exception {
    String json =
        "{\""
            + HOSTILE.replace("\"", "\\\"")
            + "\": \"\\u0000 "
            + HOSTILE.replace("\"", "\\\"")
            + "\"}";
    Queries.rows(connection, "SELECT set_config('application_name', ?, false)", HOSTILE);
    database.lambda().on("notify-order", Reply.echo().withLog(HOSTILE));
    database.lambda().on("fails", Reply.functionError(json));
    database.lambda().on("refused", Reply.apiError(403, "AccessDeniedException", HOSTILE));
    database.lambda().on("binary", Reply.json("\0\u0007\u202E" + HOSTILE));
    PageStage.call(connection, HOSTILE, json);
    PageStage.call(connection, "notify-order", json);
    PageStage.call(connection, "fails", json);
    PageStage.call(connection, "refused", json);
    PageStage.call(connection, "binary", json);
    PageStage.call(
        connection,
        "notify-order",
        "\"" + HOSTILE.replace("\"", "\\\"").repeat(1 + (1 << 20) / HOSTILE.length()) + "\"");

    browser.awaitText("#count", "6 calls");
    for (int i = 0; i < 6; i++) {
      browser.press("j", Keys.ENTER);
      String opened =
          browser.run("return '#' + document.querySelector('[aria-selected=true].row').call.id");
      browser.awaitText(".detail .number", opened);
      browser.click("[data-pane=request] .modes button:last-child");
      browser.press("e");
      assertThat(browser.run("return document.querySelector('.editor textarea').value"))
          .contains("</textarea>");
      browser.press(Keys.ESCAPE);
      assertThat(browser.count(".detail img, .detail script, .detail svg")).isZero();
    }
    browser.run("document.querySelectorAll('.all').forEach((button) => button.click())");
    stage.open("#text=onerror");
    browser.awaitText("#count", "6 of 6 calls");
    browser.click("#tab-functions");
    browser.awaitText("#functions", "notify-order");
    browser.click("#tab-sessions");
    browser.awaitText("#sessions", database.name());

    assertThat(browser.run("return window.hacked")).isEqualTo("null");
    assertThat(browser.count("img, iframe, body script, [onerror], [onload], [onmouseover]"))
        .isZero();
    assertThat(browser.complaints()).isEmpty();
  }

  @Test
  @Timeout(value = 4, unit = TimeUnit.MINUTES)
  void staysFluidWithTenThousandCalls() throws SQLException {
    makeCalls(CALLS);
    stage.open("");
    browser.awaitText("#count", "10,000 calls");

    // Whatever else the machine does meanwhile only adds to it.
    double longestTask =
        IntStream.range(0, 3).mapToDouble(i -> longestTaskWhileScrolling()).min().orElseThrow();
    assertThat(longestTask).as("ms of the longest task while scrolling").isLessThan(200);
    assertThat(browser.count(".row")).isBetween(5, 200);
    assertThat(browser.run("return [...document.querySelectorAll('.row')].at(-1).ariaPosInSet"))
        .isEqualTo("10000");

    browser.run("document.getElementById('rows').scrollTop = 100000");
    browser.awaitResult(
        "return String(document.querySelector('.row').ariaPosInSet > 1900)", "true");
    String top = browser.run(ROW_AT_THE_TOP);
    PageStage.call(connection, "notify-order", "{}");
    browser.awaitText("#count", "10,001 calls");
    assertThat(browser.run(ROW_AT_THE_TOP)).isEqualTo(top);

    double filtering =
        Double.parseDouble(
            browser.runAsync(
                """
                new Promise((filtered) => {
                  const begin = performance.now();
                  const field = document.getElementById('filter-outcome');
                  field.value = 'failed';
                  field.dispatchEvent(new Event('input', { bubbles: true }));
                  const look = () => document.getElementById('count').textContent.startsWith('0 of')
                    ? filtered(performance.now() - begin) : requestAnimationFrame(look);
                  look();
                })
                """));
    assertThat(filtering).as("ms of a filter").isLessThan(500);
    browser.run("location.hash = ''");
    browser.awaitText("#count", "10,001 calls");
    browser.press(Keys.END);
    browser.awaitResult(
        "return document.querySelector('[aria-selected=true].row')?.ariaPosInSet", "10001");
    browser.press("k", Keys.ENTER);
    browser.awaitText("[data-pane=request] .block", "\"n\": 2");
  }

  private double longestTaskWhileScrolling() {
    return Double.parseDouble(
        browser.runAsync(
            """
            new Promise((scrolled) => {
              const rows = document.getElementById('rows');
              const tasks = [0];
              new PerformanceObserver((list) => list.getEntries().forEach((task) => tasks.push(task.duration)))
                .observe({ type: 'longtask' });
              const step = (left) => {
                rows.scrollTop += rows.scrollHeight / 100;
                requestAnimationFrame(() => left > 0 ? step(left - 1) : setTimeout(() => scrolled(Math.max(...tasks))));
              };
              rows.scrollTop = 0;
              step(100);
            })
            """));
  }

  private void makeCalls(int count) throws SQLException {
    Queries.execute(
        connection,
        """
        SELECT count(*) FROM generate_series(1, %d) n,
          LATERAL aws_lambda.invoke('notify-order', json_build_object('n', n), NULL, 'Event')
        """
            .formatted(count));
  }

  @Test
  @Timeout(value = 4, unit = TimeUnit.MINUTES)
  void leavesNothingOutWhereMoreWasMissedThanIsReadAtOnce() throws SQLException {
    makeCalls(1);
    browser.awaitText("#count", "1 call");
    look(false);
    makeCalls(CALLS + 5);

    look(true);

    browser.awaitText("#count", "10,000 calls");
    browser.press(Keys.END);
    browser.awaitText("#count", "10,006 calls");
  }

  @Test
  void namesCharactersThatDoNotShow() throws SQLException {
    PageStage.call(
        connection, "notify-order", "\"a\u00adb\u180ec\u3164d\udb40\udc41e \u2764\ufe0f\"");

    browser.click(".row");

    browser.awaitText("[data-pane=request] .block", "e \u2764\ufe0f\"");
    assertThat(browser.text("[data-pane=request] .block"))
        .isEqualTo("\"aU+00ADbU+180EcU+3164dU+E0041e \u2764\ufe0f\"");
  }

  @Test
  void drawsTheBeginningOfWhatIsTooLongOrTooDeepAtOnce() {
    for (String text :
        List.of(
            "'['.repeat(4e5) + ']'.repeat(4e5)",
            "'[' + '1,'.repeat(5e5) + '1]'",
            "'[' + '\\u202e1,'.repeat(4e6) + '1]'")) {
      double milliseconds =
          Double.parseDouble(
              browser.runAsync(
                  """
                  import(location.origin + '/json.js').then(({ block }) => {
                    const text = %s;
                    const begin = performance.now();
                    const [code, all] = block(text, true);
                    document.getElementById('detail').append(code);
                    code.getBoundingClientRect();
                    if (code.textContent.length < 100_000 || !all.textContent.includes('MB')
                        && !all.textContent.includes('kB')) {
                      throw new Error(code.textContent.length + ' ' + all.textContent);
                    }
                    return performance.now() - begin;
                  })
                  """
                      .formatted(text)));
      assertThat(milliseconds).as(text).isLessThan(2_000);
    }
  }

  private static final String ROW_AT_THE_TOP =
      """
      const box = document.getElementById('rows').getBoundingClientRect();
      return document.elementFromPoint(box.x + 5, box.y + 5).closest('.row').call.id;
      """;
}
