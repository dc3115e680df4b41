package dev.pglambda.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.pglambda.config.HostAndPort;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Answers as a proxy's {@code --admin} does, with calls that a test writes down. */
final class StandInAdmin implements AutoCloseable {
  private static final Pattern ID = Pattern.compile("\"id\": ?(\\d+)");
  private static final Pattern BEFORE = Pattern.compile("[?&]before=(\\d+)");
  private static final Pattern LIMIT = Pattern.compile("[?&]limit=(\\d+)");

  private final HttpServer server;
  private final HostAndPort address;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final List<String> bodies = new CopyOnWriteArrayList<>();
  private final List<String> calls = new CopyOnWriteArrayList<>();
  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();
  private volatile int mostAtOnce = Integer.MAX_VALUE;
  private volatile int status = 200;
  private volatile String replayed = "";

  StandInAdmin() throws IOException {
    this(0);
  }

  /** At a port where another one was; 0: at any. */
  StandInAdmin(int port) throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    server.setExecutor(threads);
    server.createContext("/api/invocations", this::invocations);
    server.createContext("/api/events", this::events);
    server.start();
    address = new HostAndPort("127.0.0.1", server.getAddress().getPort());
  }

  HostAndPort address() {
    return address;
  }

  /** Has these calls, the newest first. */
  void has(String... newestFirst) {
    calls.addAll(List.of(newestFirst));
  }

  /** Gives no more calls in one answer, though more are asked for. */
  void givesAtMost(int count) {
    mostAtOnce = count;
  }

  /** Answers all requests so. */
  void answers(int newStatus, String body) {
    status = newStatus;
    replayed = body;
  }

  /** Tells those who follow. */
  void tells(String event) {
    events.add(event);
  }

  /** Method, path and query, and what was sent to authorize it. */
  List<String> requests() {
    return requests;
  }

  /** Of the requests that had one. */
  List<String> bodies() {
    return bodies;
  }

  private void invocations(HttpExchange exchange) throws IOException {
    note(exchange);
    if (status != 200 || exchange.getRequestMethod().equals("POST")) {
      answer(exchange, replayed);
      return;
    }
    String query = exchange.getRequestURI().toString();
    long before = number(BEFORE, query, Long.MAX_VALUE);
    List<String> page =
        calls.stream()
            .filter(call -> number(ID, call, 0) < before)
            .limit(Math.min(number(LIMIT, query, 100), mostAtOnce))
            .toList();
    answer(exchange, "{\"invocations\":[" + String.join(",", page) + "]}");
  }

  private static long number(Pattern pattern, String text, long otherwise) {
    Matcher matcher = pattern.matcher(text);
    return matcher.find() ? Long.parseLong(matcher.group(1)) : otherwise;
  }

  private void note(HttpExchange exchange) throws IOException {
    String authorization = exchange.getRequestHeaders().getFirst("Authorization");
    requests.add(
        exchange.getRequestMethod()
            + " "
            + exchange.getRequestURI()
            + (authorization == null ? "" : " " + authorization));
    String body = new String(exchange.getRequestBody().readAllBytes(), UTF_8);
    if (!body.isEmpty()) {
      bodies.add(body);
    }
  }

  private void answer(HttpExchange exchange, String text) throws IOException {
    byte[] bytes = text.getBytes(UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    if (bytes.length > 0) {
      exchange.getResponseBody().write(bytes);
    }
    exchange.close();
  }

  private void events(HttpExchange exchange) throws IOException {
    note(exchange);
    if (status != 200) {
      answer(exchange, replayed);
      return;
    }
    exchange.sendResponseHeaders(200, 0);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(": welcome\n\n".getBytes(UTF_8));
      out.flush();
      while (true) {
        out.write(events.take().getBytes(UTF_8));
        out.flush();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
