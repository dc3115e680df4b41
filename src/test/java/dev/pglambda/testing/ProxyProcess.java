package dev.pglambda.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;

/**
 * The jar that users run, as a child process, with an environment that knows nothing of AWS or of
 * this machine's settings. What it prints is kept. Closing it kills it, and the PostgreSQL server
 * it may have started.
 */
public final class ProxyProcess implements AutoCloseable {
  private static final Path JAR = Path.of("target", "pg-lambda-proxy.jar");
  private static final Path HOME = Path.of("target", "empty-home");
  private static final Duration PATIENCE = Duration.ofSeconds(50);
  private static final Pattern LISTENS = Pattern.compile("listens on \\S+:(\\d+)");

  private final Process process;
  private final Output out;
  private final Output err;

  /** Every process it was ever seen to have started. */
  private final List<ProcessHandle> children = new ArrayList<>();

  private ProxyProcess(Process process) {
    this.process = process;
    this.out = new Output(process.getInputStream());
    this.err = new Output(process.getErrorStream());
  }

  /** How to start one. */
  public static final class Builder {
    private final List<String> jvmArguments = new ArrayList<>();
    private final List<String> arguments = new ArrayList<>();
    private final Map<String, String> environment = new HashMap<>();
    private final List<String> wrapper = new ArrayList<>();

    private Builder() {}

    /** Adds arguments of the JVM. */
    public Builder jvm(String... more) {
      jvmArguments.addAll(List.of(more));
      return this;
    }

    /** Adds arguments of the proxy. */
    public Builder arguments(String... more) {
      arguments.addAll(List.of(more));
      return this;
    }

    /** Sets an environment variable. */
    public Builder variable(String name, String value) {
      environment.put(name, value);
      return this;
    }

    /** Sets how many files it may have open. */
    public Builder openFiles(int most) {
      wrapper.addAll(List.of("sh", "-c", "ulimit -n " + most + " && exec \"$@\"", "sh"));
      return this;
    }

    /** Starts it and does not wait. */
    public ProxyProcess start() throws IOException {
      if (!Files.exists(JAR)) {
        throw new IllegalStateException("no " + JAR + " (expected: run by mvn verify)");
      }
      Files.createDirectories(HOME);
      List<String> command = new ArrayList<>(wrapper);
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(jvmArguments);
      command.addAll(List.of("-jar", JAR.toString()));
      command.addAll(arguments);
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.environment().keySet().removeIf(name -> !name.equals("PATH"));
      builder.environment().put("HOME", HOME.toAbsolutePath().toString());
      builder.environment().putAll(environment);
      return new ProxyProcess(builder.start());
    }

    /** Starts it and waits until it has said how to connect. */
    public ProxyProcess startAndAwait() throws IOException, InterruptedException {
      ProxyProcess proxy = start();
      try {
        proxy.out.await("  psql ");
        proxy.noteChildren();
        return proxy;
      } catch (AssertionError e) {
        proxy.close();
        throw e;
      }
    }

    /** Starts it and waits until it has ended. */
    public ProxyProcess run() throws IOException, InterruptedException {
      ProxyProcess proxy = start();
      try {
        proxy.awaitExit();
        return proxy;
      } catch (AssertionError | InterruptedException e) {
        proxy.close();
        throw e;
      }
    }
  }

  /** A proxy with these arguments. */
  public static Builder with(String... arguments) {
    return new Builder().arguments(arguments);
  }

  /** What it wrote to standard output. */
  public Output out() {
    return out;
  }

  /** What it wrote to standard error. */
  public Output err() {
    return err;
  }

  public long pid() {
    return process.pid();
  }

  public boolean isAlive() {
    return process.isAlive();
  }

  /** The port it said it listens on. */
  public int port() {
    Matcher listens = LISTENS.matcher(out.text());
    if (!listens.find()) {
      throw new AssertionError("no port in: " + out.text());
    }
    return Integer.parseInt(listens.group(1));
  }

  /** A connection of pgjdbc as the superuser {@code postgres} to the database of that name. */
  public Connection connect() throws SQLException {
    return connectTo("postgres");
  }

  /** A connection of pgjdbc as the superuser {@code postgres}. */
  public Connection connectTo(String database) throws SQLException {
    return connect(database, "postgres", "");
  }

  /** A connection of pgjdbc. */
  public Connection connect(String database, String user, String password) throws SQLException {
    String url = "jdbc:postgresql://127.0.0.1:" + port() + "/" + database + "?sslmode=disable";
    return DriverManager.getConnection(url, user, password);
  }

  /** The processes it has started and that live: the PostgreSQL server and its parts. */
  public List<ProcessHandle> children() {
    noteChildren();
    return children.stream().filter(ProcessHandle::isAlive).toList();
  }

  private void noteChildren() {
    process.descendants().filter(child -> !children.contains(child)).forEach(children::add);
  }

  /** Asks it to end, as SIGTERM does. */
  public void terminate() {
    noteChildren();
    process.destroy();
  }

  /** Ends it as SIGKILL does, without a chance to clean up. */
  public void kill() throws InterruptedException {
    noteChildren();
    process.destroyForcibly().waitFor();
  }

  /** Waits until it has ended, and all it printed is there; returns its exit code. */
  public int awaitExit() throws InterruptedException {
    if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      throw new AssertionError("still running after " + PATIENCE + "; it said: " + out.text());
    }
    out.awaitEnd();
    err.awaitEnd();
    return process.exitValue();
  }

  /** Resident memory in bytes (Linux manual, proc_pid_status, VmRSS). */
  public long residentBytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid()), "status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10;
      }
    }
    throw new AssertionError("no VmRSS");
  }

  /** How many file descriptors it has open. */
  public long openFiles() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc", Long.toString(pid()), "fd"))) {
      return files.count();
    }
  }

  /** Processor time that it has used so far. */
  public Duration processorTime() {
    return process.info().totalCpuDuration().orElseThrow();
  }

  @Override
  public void close() {
    noteChildren();
    process.destroyForcibly();
    children.forEach(ProcessHandle::destroyForcibly);
  }

  /** Lines that a process has written so far. */
  public static final class Output {
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final CountDownLatch end = new CountDownLatch(1);

    private Output(InputStream stream) {
      Thread reader = new Thread(() -> read(stream), "output");
      reader.setDaemon(true);
      reader.start();
    }

    private void read(InputStream stream) {
      try (BufferedReader reader = new BufferedReader(new InputStreamReader(stream, UTF_8))) {
        reader.lines().forEach(lines::add);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } finally {
        end.countDown();
      }
    }

    public List<String> lines() {
      return List.copyOf(lines);
    }

    public String text() {
      return String.join("\n", lines);
    }

    private boolean has(String text) {
      return lines.stream().anyMatch(line -> line.contains(text));
    }

    /** Waits for a line that contains the text. */
    public void await(String text) {
      try {
        Awaiting.await(text).atMost(PATIENCE).until(() -> end.getCount() == 0 || has(text));
      } catch (ConditionTimeoutException late) {
        // As when it never comes.
      }
      if (!has(text)) {
        throw new AssertionError("\"" + text + "\" never came in:\n" + text());
      }
    }

    private void awaitEnd() throws InterruptedException {
      end.await();
    }
  }
}
