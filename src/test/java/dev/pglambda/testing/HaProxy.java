package dev.pglambda.testing;

import static dev.pglambda.testing.Awaiting.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** HAProxy as a child process. Closing it ends it, and all connections through it. */
public final class HaProxy implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HaProxy.class);
  private static final Path DIRECTORY = Path.of("target", "haproxy");

  /** Which column of "show stat" is the status (HAProxy, "Management Guide", 9.1). */
  private static final int STATUS = 17;

  private final Process process;
  private final Path output;
  private final Path admin;

  private HaProxy(Process process, Path output, Path admin) {
    this.process = process;
    this.output = output;
    this.admin = admin;
  }

  /**
   * Starts it, and returns when it listens. If it is not on this machine the test is skipped.
   *
   * @param configuration the text of its file, with a {@code stats socket}
   * @param admin the file of that socket
   */
  public static HaProxy start(String configuration, Path admin) throws IOException {
    String program = find().toString();
    Files.createDirectories(DIRECTORY);
    Path file = Files.createTempFile(DIRECTORY, "haproxy", ".cfg");
    Path output = Files.createTempFile(DIRECTORY, "haproxy", ".txt");
    Files.writeString(file, configuration);
    Process process =
        new ProcessBuilder(program, "-db", "-f", file.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    HaProxy started = new HaProxy(process, output, admin);
    await("HAProxy listens").until(() -> Files.exists(admin) || !process.isAlive());
    if (!process.isAlive()) {
      throw new IllegalStateException(Files.readString(output));
    }
    return started;
  }

  private static Path find() {
    return Stream.of("/usr/sbin", "/usr/local/sbin", "/usr/bin")
        .map(directory -> Path.of(directory, "haproxy"))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseGet(HaProxy::skip);
  }

  private static Path skip() {
    String reason = "no haproxy (expected: Debian's package haproxy)";
    log.warn("SKIPPED: {}", reason);
    return Assumptions.abort(reason);
  }

  /** What it answers to a command of its Runtime API. */
  public String command(String command) {
    try (SocketChannel socket = SocketChannel.open(UnixDomainSocketAddress.of(admin))) {
      socket.write(ByteBuffer.wrap((command + "\n").getBytes(StandardCharsets.US_ASCII)));
      return new String(Channels.newInputStream(socket).readAllBytes(), StandardCharsets.US_ASCII);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until a server has a status such as {@code UP} or {@code DOWN}. */
  public void awaitStatus(String backend, String server, String status) {
    await(server + " is " + status)
        .until(() -> command("show stat"), stat -> status(stat, backend, server).equals(status));
  }

  private static String status(String stat, String backend, String server) {
    return stat.lines()
        .filter(line -> line.startsWith(backend + "," + server + ","))
        .map(line -> line.split(",", -1)[STATUS])
        .findFirst()
        .orElse("none");
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    Files.deleteIfExists(output);
  }
}
