package dev.pglambda.conformance;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.CopyInResponse;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.NoData;
import dev.pglambda.protocol.BackendMessage.ParameterDescription;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.BackendMessage.RowDescription;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sends the statements of one session in one mode, and writes down what comes. */
final class Conversation {
  private final WireClient client;
  private final Mode mode;
  private final Transcriber transcriber;
  private final BinaryFormat binary;

  Conversation(WireClient client, Mode mode, ServerTypes types) {
    this.client = client;
    this.mode = mode;
    this.transcriber = new Transcriber(types);
    this.binary = new BinaryFormat(types);
  }

  /**
   * The answer to a step up to ReadyForQuery, the end of the connection, or nothing more for 30
   * seconds.
   *
   * @param copies what is sent after each CopyInResponse
   */
  List<TranscriptLine> answer(Step step, List<CopyInput> copies) throws IOException {
    List<TranscriptLine> lines = new ArrayList<>();
    try {
      send(step, lines);
      receive(copies.iterator(), lines);
    } catch (SocketTimeoutException e) {
      lines.add(TranscriptLine.of("(nothing more came)"));
    } catch (SocketException e) {
      lines.add(TranscriptLine.of(TranscriptLine.CLOSED));
    }
    return lines;
  }

  private void send(Step step, List<TranscriptLine> lines) throws IOException {
    switch (mode) {
      case SIMPLE -> client.query(step.sql());
      case EXTENDED -> client.parse("", step.sql()).bind("", "", step.parameters());
      case BINARY -> parseAndBindBinary(step, lines);
    }
    if (mode != Mode.SIMPLE) {
      client.describePortal("").execute("", 0).sync();
    }
  }

  /** What follows an error is not executed, so that a failed Parse needs no care. */
  private void parseAndBindBinary(Step step, List<TranscriptLine> lines) throws IOException {
    client.parse("", step.sql());
    List<Integer> types = List.of();
    if (!step.parameters().isEmpty()) {
      client.describeStatement("").flush();
      types = parameterTypes(lines);
    }
    List<Integer> formats = new ArrayList<>();
    List<byte @Nullable []> values = new ArrayList<>();
    for (int i = 0; i < step.parameters().size(); i++) {
      String text = step.parameters().get(i);
      byte[] value = i < types.size() && text != null ? binary.encode(types.get(i), text) : null;
      formats.add(value == null ? 0 : 1);
      values.add(value == null && text != null ? text.getBytes(StandardCharsets.UTF_8) : value);
    }
    client.bindBinary("", "", formats, values);
  }

  /** Reads the answer to Parse and Describe. */
  private List<Integer> parameterTypes(List<TranscriptLine> lines) throws IOException {
    List<Integer> types = List.of();
    while (true) {
      BackendMessage message = client.read();
      if (message instanceof ParameterDescription parameters) {
        types = parameters.typeOids();
      } else if (message == null
          || message instanceof NoData
          || message instanceof RowDescription) { // The portal's follows.
        return types;
      } else {
        add(message, lines);
        if (message instanceof ErrorResponse) {
          return types;
        }
      }
    }
  }

  private void receive(Iterator<CopyInput> copies, List<TranscriptLine> lines) throws IOException {
    while (true) {
      BackendMessage message = client.read();
      if (message == null) {
        lines.add(TranscriptLine.of(TranscriptLine.CLOSED));
        return;
      }
      add(message, lines);
      if (message instanceof ReadyForQuery) {
        return;
      }
      if (message instanceof CopyInResponse) {
        copy(copies.hasNext() ? copies.next() : CopyInput.NONE);
      }
    }
  }

  private void add(BackendMessage message, List<TranscriptLine> lines) throws IOException {
    TranscriptLine line = transcriber.line(message);
    if (line != null) {
      lines.add(line);
    }
  }

  private void copy(CopyInput input) throws IOException {
    if (!input.data().isEmpty()) {
      client.copyData(input.data().getBytes(StandardCharsets.UTF_8));
    }
    if (input.failure() == null) {
      client.copyDone();
    } else {
      client.copyFail(input.failure());
    }
    if (mode != Mode.SIMPLE) {
      client.sync(); // The first one was ignored: it came during COPY.
    }
  }
}
