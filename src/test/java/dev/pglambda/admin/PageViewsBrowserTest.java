package dev.pglambda.admin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.LambdaDatabase;
import dev.pglambda.testing.Queries;
import dev.pglambda.testing.Reply;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;

/**
 * The page for those without a mouse, in the dark, with a phone, before a proxy that comes and
 * goes.
 */
class PageViewsBrowserTest extends PageTest {
  private static final int WIDTH = 1280;
  private static final int PHONE_WIDTH = 360;

  @Test
  void isUsedWithoutAMouse() throws SQLException {
    PageStage.call(connection, "notify-order", "1");
    PageStage.call(connection, "notify-order", "2");
    PageStage.call(connection, "notify-order", "3");
    browser.awaitText("#count", "3 calls");

    browser.press("j", "j", Keys.ENTER);
    browser.awaitText("[data-pane=request] .block", "2");
    browser.press("k");
    browser.awaitText("[data-pane=request] .block", "3");
    browser.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN);
    browser.awaitText("[data-pane=request] .block", "1");
    assertThat(browser.run("return document.activeElement.getAttribute('aria-activedescendant')"))
        .isEqualTo(browser.run("return document.querySelector('[aria-selected=true].row').id"));
    assertThat(browser.run("return getComputedStyle(document.activeElement).outlineStyle"))
        .isNotEqualTo("none");
    browser.press(Keys.ESCAPE);
    assertThat(browser.address()).doesNotContain("id=");
    browser.press("/", "no such", Keys.ESCAPE);
    browser.awaitText("#count", "0 of 3");
    browser.press("/", Keys.DELETE, Keys.ESCAPE);
    browser.awaitText("#count", "3 calls");
    browser.press("?");
    assertThat(browser.run("return document.getElementById('keys').open")).isEqualTo("true");
    browser.press(Keys.ESCAPE);
    assertThat(browser.run("return document.getElementById('keys').open")).isEqualTo("false");
    browser.press("r");
    browser.awaitText(".detail .again", "replay of #");
    assertThat(browser.text("[data-pane=request] .block")).isEqualTo("1");
  }

  @Test
  void isDarkWhereTheMachineIs() throws SQLException {
    PageStage.call(connection, "notify-order", "{}");
    browser.click(".row");
    assertThat(brightness("backgroundColor")).isGreaterThan(brightness("color") + 150);

    browser.emulateScheme("dark");

    assertThat(brightness("color")).isGreaterThan(brightness("backgroundColor") + 150);
  }

  private double brightness(String property) {
    return browser.number(
        "return getComputedStyle(document.body)[arguments[0]].match(/\\d+/g).slice(0, 3)"
            + ".reduce((sum, part) => sum + Number(part) / 3, 0)",
        property);
  }

  @Test
  void isReadOnAPhoneWithoutScrollingSideways() throws SQLException {
    PageStage.call(connection, "notify-order", "{\"customer\": \"" + "a".repeat(500) + "\"}");
    Queries.error(connection, "SELECT aws_lambda.invoke('" + "f".repeat(300) + "', '{}'::json)");
    stage.open(stage.page(), PHONE_WIDTH);
    browser.awaitText("#count", "2 calls");
    assertThat(pageWidth()).isEqualTo(PHONE_WIDTH);

    browser.click(".row:nth-child(2)");

    browser.awaitText("[data-pane=request]", "customer");
    assertThat(pageWidth()).isEqualTo(PHONE_WIDTH);
    assertThat(
            browser.number(
                "const d = document.getElementById('detail'); return d.scrollWidth - d.clientWidth"))
        .isZero();
    assertThat(
            browser.run("return document.elementFromPoint(180, 400).closest('.detail') !== null"))
        .isEqualTo("true");
    for (int i = 0; i < 40; i++) {
      browser.press(Keys.TAB);
      assertThat(
              browser.run("return document.activeElement.closest('.list, .top, .bottom') === null"))
          .as("focus is not beneath the call")
          .isEqualTo("true");
    }
    browser.click(".detail .close");
    assertThat(browser.run("return document.activeElement.id")).isEqualTo("rows");
    for (String tab : List.of("functions", "sessions", "calls")) {
      browser.click("#tab-" + tab);
      assertThat(pageWidth()).as(tab).isEqualTo(PHONE_WIDTH);
    }
  }

  private double pageWidth() {
    return browser.number("return document.documentElement.scrollWidth");
  }

  @Test
  void connectsAgainWhenAProxyIsBack() throws Exception {
    LambdaDatabase first = PageStage.another("--admin", PageStage.ANY_PORT);
    URI address = first.proxy().admin();
    try (Connection client = first.connect()) {
      Queries.execute(client, "SELECT aws_lambda.invoke('notify-order', '\"before\"'::json)");
    }
    stage.open(address.resolve("/#text=before"), WIDTH);
    browser.awaitText("#count", "1 of 1 call");

    first.close();
    browser.awaitText("#connection", "reconnecting");

    try (LambdaDatabase second = PageStage.another("--admin", address.getAuthority());
        Connection client = second.connect()) {
      Queries.execute(client, "SELECT aws_lambda.invoke('notify-order', '\"after\"'::json)");
      browser.awaitText("#connection", "connected");
      browser.awaitText("#count", "0 of 1 call");
      browser.run("location.hash = ''");
      browser.awaitText("#count", "1 call");
    }
  }

  @Test
  void takesNoConnectionWhileNobodyLooksAndThenReadsWhatItHasMissed() throws SQLException {
    PageStage.call(connection, "notify-order", "1");
    browser.awaitText("#count", "1 call");

    look(false);
    PageStage.call(connection, "notify-order", "2");
    browser.runAsync("fetch('/api/invocations').then((answer) => answer.text())");
    assertThat(browser.text("#count")).isEqualTo("1 call");
    look(true);

    browser.awaitText("#count", "2 calls");
  }

  @Test
  void forgetsWhatWasForgottenWhileNobodyLooked() throws SQLException {
    PageStage.call(connection, "notify-order", "1");
    browser.awaitText("#count", "1 call");
    look(false);
    browser.runAsync(
        "fetch('/api/invocations', { method: 'DELETE' }).then((answer) => answer.status)");
    PageStage.call(connection, "nowhere", "2");

    look(true);

    browser.awaitText(".row .name", "nowhere");
    assertThat(browser.text("#count")).isEqualTo("1 call");
  }

  @Test
  void showsCallsWhereAStreamIsRefused() throws Exception {
    stage.open(URI.create("about:blank"), WIDTH);
    HttpClient client = HttpClient.newHttpClient();
    HttpRequest events = HttpRequest.newBuilder(stage.page().resolve("/api/events")).build();
    List<InputStream> streams = new ArrayList<>();
    HttpResponse<InputStream> stream = client.send(events, BodyHandlers.ofInputStream());
    while (stream.statusCode() == 200) {
      streams.add(stream.body());
      stream = client.send(events, BodyHandlers.ofInputStream());
    }
    try {
      PageStage.call(connection, "notify-order", "1");

      stage.open(stage.page(), WIDTH);

      browser.awaitText("#count", "1 call");
      PageStage.call(connection, "notify-order", "2");
      browser.awaitText("#count", "2 calls");
    } finally {
      for (InputStream each : streams) {
        each.close();
      }
    }
    browser.awaitText("#connection", "connected");
  }

  @Test
  void saysThatAPayloadIsNotKeptThatIsTooLongForTheJournal() throws Exception {
    try (LambdaDatabase another =
            PageStage.another("--admin", PageStage.ANY_PORT, "--journal-size", "1MB");
        Connection client = another.connect()) {
      PageStage.call(client, "notify-order", '"' + "a".repeat(600_000) + '"');
      stage.open(another.proxy().admin(), WIDTH);

      browser.click(".row");

      browser.awaitText("[data-pane=request] .none", "not kept");
      assertThat(browser.text("[data-pane=request] .none")).contains("--journal-size");
    }
  }

  @Test
  void asksForTheTokenWhereThereIsOne(@TempDir Path directory) throws Exception {
    Path token = Files.writeString(directory.resolve("token"), "correct-horse-battery");
    try (LambdaDatabase another =
            PageStage.another(
                "--admin", PageStage.ANY_PORT, "--admin-token-file", token.toString());
        Connection client = another.connect()) {
      Queries.execute(client, "SELECT aws_lambda.invoke('notify-order', '{}'::json)");
      stage.open(another.proxy().admin(), WIDTH);
      browser.awaitText("label", "Token");
      assertThat(browser.run("return getComputedStyle(document.getElementById('failed')).display"))
          .isEqualTo("none");
      browser.fill("#token", "wrong-horse-battery");
      browser.press(Keys.ENTER);
      browser.awaitResult(
          "const line = document.getElementById('failed');"
              + "return line && getComputedStyle(line).display",
          "block");

      browser.fill("#token", "correct-horse-battery");
      browser.press(Keys.ENTER);

      browser.awaitText(".row", "notify-order");
    }
  }

  @Test
  @EnabledIfSystemProperty(named = "pglambda.test.screenshot", matches = "true")
  void isDrawnForTheGuide() throws Exception {
    Queries.execute(connection, "SET application_name = 'shop'");
    database.lambda().on("resize-image", Reply.json("{\"width\": 640}"));
    database
        .lambda()
        .on("score", Reply.functionError("{\"errorMessage\": \"no such customer: 17\"}"));
    for (int i = 1; i <= 12; i++) {
      PageStage.call(connection, "resize-image", "{\"image\": \"s3://shop/" + i + ".jpg\"}");
      PageStage.call(connection, "notify-order", ORDER.formatted(40 + i));
      if (i % 4 == 0) {
        PageStage.call(connection, "score", "{\"customer\": 17}");
      }
    }
    PageStage.call(connection, "notify-order", ORDER.formatted(60));
    browser.awaitText(".row .name", "notify-order");
    browser.click(".row");
    browser.awaitText("[data-pane=response] .block", "60");

    browser.screenshot(Path.of("docs", "images", "observing.png"));

    assertThat(Path.of("docs", "images", "observing.png")).isNotEmptyFile();
  }

  private static final String ORDER =
      "{\"order\": %d, \"customer\": {\"name\": \"Ana\", \"vip\": true},"
          + " \"items\": [{\"sku\": \"A-1\", \"quantity\": 2, \"price\": 12.50}], \"note\": null}";
}
