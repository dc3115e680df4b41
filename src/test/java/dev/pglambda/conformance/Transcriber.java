package dev.pglambda.conformance;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Column;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.CopyData;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.NoticeResponse;
import dev.pglambda.protocol.BackendMessage.NotificationResponse;
import dev.pglambda.protocol.BackendMessage.ParameterStatus;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.BackendMessage.RowDescription;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Turns the server's messages into lines of a transcript. */
final class Transcriber {
  /** What only the extended protocol has: left out, so that both protocols read the same. */
  private static final Set<String> LEFT_OUT =
      Set.of("ParseComplete", "BindComplete", "CloseComplete", "NoData", "ParameterDescription");

  private final ServerTypes types;
  private final BinaryFormat binary;

  /** Those of the rows that come now. */
  private List<Column> columns = List.of();

  Transcriber(ServerTypes types) {
    this.types = types;
    this.binary = new BinaryFormat(types);
  }

  /** The line for a message, or null if it is left out. */
  @Nullable TranscriptLine line(BackendMessage message) throws IOException {
    String name = message.name();
    if (LEFT_OUT.contains(name)) {
      return null;
    }
    if (message instanceof RowDescription description) {
      columns = description.columns();
      return TranscriptLine.of(name, columnNames());
    }
    if (message instanceof DataRow row) {
      return TranscriptLine.of(name, texts(row));
    }
    if (message instanceof ErrorResponse error) {
      return fields(name, error.fields().asMap());
    }
    if (message instanceof NoticeResponse notice) {
      return fields(name, notice.fields().asMap());
    }
    return TranscriptLine.of(name, values(message));
  }

  private static List<String> values(BackendMessage message) {
    if (message instanceof CommandComplete complete) {
      return List.of(complete.tag());
    }
    if (message instanceof ReadyForQuery ready) {
      return List.of(String.valueOf(ready.status()));
    }
    if (message instanceof ParameterStatus status) {
      return List.of(status.parameter(), status.value());
    }
    if (message instanceof NotificationResponse notification) {
      return List.of(notification.channel(), notification.payload());
    }
    if (message instanceof CopyData data) {
      return List.of(data.text());
    }
    return List.of();
  }

  private List<String> columnNames() throws IOException {
    List<String> names = new ArrayList<>();
    for (Column column : columns) {
      names.add(column.name() + ":" + types.type(column.typeOid()).name());
    }
    return names;
  }

  private List<@Nullable String> texts(DataRow row) throws IOException {
    List<@Nullable String> texts = new ArrayList<>();
    for (int i = 0; i < row.values().size(); i++) {
      ByteBuffer value = row.values().get(i);
      boolean isBinary = i < columns.size() && columns.get(i).format() == 1;
      texts.add(
          isBinary && value != null ? binary.decode(columns.get(i).typeOid(), value) : row.text(i));
    }
    return texts;
  }

  private static TranscriptLine fields(String name, Map<Character, String> fields) {
    Map<String, Value> values = new LinkedHashMap<>();
    fields.forEach((code, text) -> values.put(String.valueOf(code), Value.of(text)));
    return new TranscriptLine(name, List.of(), values);
  }
}
