package dev.pglambda.testing;

import static dev.pglambda.testing.Awaiting.await;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** This machine's Chromium without a window. For one thread at a time. */
public final class Browser implements AutoCloseable {
  private final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /** Starts one, or skips the calling test where there is none. */
  public static Browser start() {
    RequiredPrograms.skipWithout("chromium", "chromedriver");
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    ChromeOptions options = new ChromeOptions();
    options.setBinary(program("chromium"));
    options.addArguments(
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage");
    options.setCapability(ChromeOptions.LOGGING_PREFS, logs);
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(program("chromedriver"))
            .usingAnyFreePort()
            .build();
    return new Browser(new ChromeDriver(service, options));
  }

  private static File program(String name) {
    return Stream.of(Objects.requireNonNull(System.getenv("PATH")).split(File.pathSeparator, -1))
        .map(directory -> new File(directory, name))
        .filter(File::canExecute)
        .findFirst()
        .orElseThrow();
  }

  /** Leaves what is shown and opens this, in a light window of this size. */
  public void open(URI address, int width, int height) {
    emulateScheme("light");
    driver.manage().window().setSize(new Dimension(1280, 900));
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
    driver.get("about:blank");
    driver.get(address.toString());
  }

  /**
   * As if the machine were set so.
   *
   * @param scheme light or dark
   */
  public void emulateScheme(String scheme) {
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
  }

  /** What a script returns, as text. */
  public String run(String script, Object... arguments) {
    return String.valueOf(driver.executeScript(script, arguments));
  }

  /** What a number is that a script returns. */
  public double number(String script, Object... arguments) {
    return ((Number) Objects.requireNonNull(driver.executeScript(script, arguments))).doubleValue();
  }

  /** What a promise becomes, as text; the script is an expression. */
  public String runAsync(String promise, Object... arguments) {
    return String.valueOf(
        driver.executeAsyncScript(
            "const done = arguments[arguments.length - 1];"
                + "Promise.resolve("
                + promise
                + ").then(done, e => done('failed: ' + e))",
            arguments));
  }

  /** The text of what a selector finds first, as it is in the document; empty if nothing. */
  public String text(String selector) {
    return run("return document.querySelector(arguments[0])?.textContent ?? ''", selector);
  }

  /** How many elements a selector finds. */
  public int count(String selector) {
    return (int) number("return document.querySelectorAll(arguments[0]).length", selector);
  }

  /** Waits until a script returns this text. */
  public void awaitResult(String script, String expected) {
    await(script).until(() -> run(script), expected::equals);
  }

  /** Waits until the text of what a selector finds has this in it. */
  public void awaitText(String selector, String part) {
    await(selector).until(() -> text(selector), now -> now.contains(part));
  }

  /** Clicks as a person does: it must be there, visible, and not be covered. */
  public void click(String selector) {
    await(selector).ignoreExceptions().until(() -> clicked(selector));
  }

  private boolean clicked(String selector) {
    driver.findElement(By.cssSelector(selector)).click();
    return true;
  }

  /** Types into what a selector finds, instead of what is there. */
  public void fill(String selector, CharSequence text) {
    WebElement field = driver.findElement(By.cssSelector(selector));
    field.clear();
    field.sendKeys(text);
  }

  /** Presses keys where the focus is. */
  public void press(CharSequence... keys) {
    new Actions(driver).sendKeys(keys).perform();
  }

  public String address() {
    return Objects.requireNonNull(driver.getCurrentUrl());
  }

  public void reload() {
    driver.navigate().refresh();
  }

  /** What the console has said since it was last asked: errors, and what a policy has refused. */
  public List<String> complaints() {
    return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
        .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
        .map(entry -> entry.getLevel() + " " + entry.getMessage())
        .toList();
  }

  /** Writes what is seen, as PNG. */
  public void screenshot(Path file) throws IOException {
    Files.createDirectories(Objects.requireNonNull(file.toAbsolutePath().getParent()));
    Files.write(file, driver.getScreenshotAs(OutputType.BYTES));
  }

  @Override
  public void close() {
    driver.quit();
  }
}
