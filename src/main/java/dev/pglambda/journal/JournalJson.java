package dev.pglambda.journal;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.pglambda.journal.JournalEntry.Ending;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationResult;
import dev.pglambda.lambda.InvokeArguments;
import dev.pglambda.protocol.SqlError;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Calls as JSON objects: the same in the journal's file, in SQL, and in the API, whose document
 * describes the fields. Payloads are strings, so that nothing of them is changed.
 */
public final class JournalJson {
  private static final JsonFactory JSON = new JsonFactory();
  private static final double NANOS_PER_MS = 1e6;

  private JournalJson() {}

  /** Writes one object. */
  public static void write(JournalEntry entry, OutputStream out) throws IOException {
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      write(entry, json);
    }
  }

  /** Writes {@code {"invocations": [..]}}. */
  public static void write(List<JournalEntry> entries, OutputStream out) throws IOException {
    try (JsonGenerator json = JSON.createGenerator(out)) {
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      json.writeStartObject();
      json.writeArrayFieldStart("invocations");
      for (JournalEntry entry : entries) {
        write(entry, json);
      }
      json.writeEndArray();
      json.writeEndObject();
    }
  }

  /** Writes one object; what is null is written as such. */
  public static void write(JournalEntry entry, JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeNumberField("id", entry.id());
    json.writeStringField("started_at", entry.startedAt().toString());
    writeTimes(entry.ending(), json);
    json.writeStringField("outcome", entry.outcome().label());
    writeRequest(entry, json);
    writeAnswer(entry, json);
    writeError(entry.ending() == null ? null : entry.ending().error(), json);
    writeOrigin(entry.origin(), json);
    json.writeEndObject();
  }

  private static void writeTimes(@Nullable Ending ending, JsonGenerator json) throws IOException {
    Duration total = ending == null ? null : ending.total();
    InvocationResult result = ending == null ? null : ending.result();
    Duration queued = result == null ? null : result.queued();
    writeMillis("duration_ms", total, json);
    writeMillis("queue_ms", queued, json);
    writeMillis("lambda_ms", total == null || queued == null ? null : total.minus(queued), json);
  }

  private static void writeRequest(JournalEntry entry, JsonGenerator json) throws IOException {
    InvokeArguments arguments = entry.arguments();
    Invocation invocation = entry.invocation();
    write("function_name", arguments.functionName(), json);
    write("resolved_function", invocation == null ? null : invocation.functionName(), json);
    write("route", entry.route(), json);
    write("region", invocation == null ? arguments.region() : invocation.region(), json);
    write("qualifier", arguments.qualifier(), json);
    write(
        "invocation_type",
        invocation == null ? arguments.invocationType() : invocation.invocationType().apiName(),
        json);
    write(
        "log_type",
        invocation == null ? arguments.logType() : invocation.logType().apiName(),
        json);
    write("client_context", arguments.context(), json);
    write("trace_header", invocation == null ? null : invocation.traceHeader(), json);
    write("payload", text(entry.payload()), json);
    json.writeNumberField("payload_bytes", entry.requestBytes());
  }

  private static void writeAnswer(JournalEntry entry, JsonGenerator json) throws IOException {
    Ending ending = entry.ending();
    InvocationResult result = ending == null ? null : ending.result();
    writeNumber("status_code", result == null ? null : (Integer) result.statusCode(), json);
    write("function_error", result == null ? null : result.functionError(), json);
    write("executed_version", result == null ? null : result.executedVersion(), json);
    write("response", text(entry.response()), json);
    json.writeNumberField("response_bytes", ending == null ? 0 : ending.responseBytes());
    write("log", result == null ? null : log(result.logResult()), json);
  }

  private static void writeError(@Nullable SqlError error, JsonGenerator json) throws IOException {
    write("sqlstate", error == null ? null : error.sqlState(), json);
    write("message", error == null ? null : error.message(), json);
    write("detail", error == null ? null : error.detail(), json);
    write("hint", error == null ? null : error.hint(), json);
  }

  private static void writeOrigin(CallOrigin origin, JsonGenerator json) throws IOException {
    write("database", origin.database(), json);
    write("role", origin.role(), json);
    write("application_name", origin.applicationName(), json);
    write("client", address(origin.client()), json);
    writeNumber("server_process", origin.serverProcess(), json);
    write("statement", origin.statement(), json);
    writeNumber("replay_of", origin.replayOf(), json);
  }

  private static void write(String name, @Nullable String text, JsonGenerator json)
      throws IOException {
    json.writeStringField(name, text == null ? null : wellFormed(text)); // null is written as such
  }

  /** What is cut may end within a character, which no encoding has. */
  private static String wellFormed(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (Character.isSurrogate(text.charAt(i))) {
        return new String(text.getBytes(UTF_8), UTF_8);
      }
    }
    return text;
  }

  private static @Nullable String address(@Nullable SocketAddress address) {
    return address instanceof InetSocketAddress internet
        ? NetUtil.toSocketAddressString(internet)
        : address == null ? null : address.toString();
  }

  private static void writeNumber(String name, @Nullable Number number, JsonGenerator json)
      throws IOException {
    if (number == null) {
      json.writeNullField(name);
    } else {
      json.writeNumberField(name, number.longValue());
    }
  }

  private static void writeMillis(String name, @Nullable Duration time, JsonGenerator json)
      throws IOException {
    if (time == null) {
      json.writeNullField(name);
    } else {
      json.writeNumberField(name, time.toNanos() / NANOS_PER_MS);
    }
  }

  /** UTF-8 as text; what is none as replacement characters. */
  private static @Nullable String text(@Nullable ByteBuffer bytes) {
    return bytes == null ? null : UTF_8.decode(bytes).toString();
  }

  private static @Nullable String log(@Nullable String base64) {
    if (base64 == null) {
      return null;
    }
    try {
      return new String(Base64.getDecoder().decode(base64), UTF_8);
    } catch (IllegalArgumentException notBase64) {
      return base64;
    }
  }
}
