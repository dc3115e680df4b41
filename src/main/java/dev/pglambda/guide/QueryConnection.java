package dev.pglambda.guide;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.Authentication;
import dev.pglambda.protocol.BackendMessage.Column;
import dev.pglambda.protocol.BackendMessage.CommandComplete;
import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.BackendMessage.NoticeResponse;
import dev.pglambda.protocol.BackendMessage.ReadyForQuery;
import dev.pglambda.protocol.BackendMessage.RowDescription;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.FrontendMessage.Query;
import dev.pglambda.protocol.FrontendMessage.SaslInitialResponse;
import dev.pglambda.protocol.FrontendMessage.SaslResponse;
import dev.pglambda.protocol.FrontendMessage.Terminate;
import dev.pglambda.protocol.MessageStream;
import dev.pglambda.protocol.StartupPacket.StartupMessage;
import dev.pglambda.protocol.auth.ScramClient;
import dev.pglambda.protocol.auth.ScramServer;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A client connection for simple queries to a server that asks for no password, or for one by
 * SCRAM-SHA-256. Blocking; not thread-safe.
 */
final class QueryConnection implements AutoCloseable {
  private static final int TIMEOUT_MS = 60_000;

  private final Socket socket;
  private final MessageStream messages;
  private final Consumer<ErrorFields> notices;
  private final @Nullable ScramClient scram;

  private QueryConnection(Socket socket, @Nullable String password, Consumer<ErrorFields> notices)
      throws IOException {
    this.scram = password == null ? null : new ScramClient(password);
    this.socket = socket;
    this.notices = notices;
    this.messages = new MessageStream(socket.getInputStream(), socket.getOutputStream(), UTF_8);
  }

  /**
   * Connects and waits until the session is ready. The password is visible ASCII; null: none is
   * needed.
   */
  static QueryConnection open(
      InetSocketAddress address,
      String user,
      @Nullable String password,
      String database,
      Consumer<ErrorFields> notices)
      throws IOException, QueryFailedException {
    Socket socket = new Socket();
    socket.connect(address, TIMEOUT_MS);
    socket.setSoTimeout(TIMEOUT_MS);
    QueryConnection connection = new QueryConnection(socket, password, notices);
    Map<String, String> parameters = new LinkedHashMap<>();
    parameters.put("user", user);
    parameters.put("database", database);
    parameters.put("client_encoding", "UTF8");
    connection.messages.send(new StartupMessage(parameters));
    connection.readUntilReady();
    return connection;
  }

  /** Runs a query of one or more statements. */
  List<QueryResult> query(String sql) throws IOException, QueryFailedException {
    messages.send(new Query(sql));
    return readUntilReady();
  }

  /** ParameterStatus, BackendKeyData and the like say nothing to this client. */
  private List<QueryResult> readUntilReady() throws IOException, QueryFailedException {
    List<QueryResult> results = new ArrayList<>();
    List<Column> columns = List.of();
    List<List<@Nullable String>> rows = new ArrayList<>();
    ErrorFields error = null;
    while (true) {
      BackendMessage message = messages.readBackend();
      if (message == null) {
        throw new EOFException();
      } else if (message instanceof Authentication request) {
        authenticate(request);
      } else if (message instanceof RowDescription description) {
        columns = description.columns();
      } else if (message instanceof DataRow row) {
        rows.add(row.texts());
      } else if (message instanceof CommandComplete complete) {
        results.add(new QueryResult(columns, rows, complete.tag()));
        columns = List.of();
        rows = new ArrayList<>();
      } else if (message instanceof NoticeResponse notice) {
        notices.accept(notice.fields());
      } else if (message instanceof ErrorResponse response) {
        error = response.fields();
        if (error.isFatal()) {
          throw new QueryFailedException(error);
        }
      } else if (message instanceof ReadyForQuery) {
        if (error != null) {
          throw new QueryFailedException(error);
        }
        return results;
      }
    }
  }

  private void authenticate(Authentication request) throws IOException {
    if (request.code() == Authentication.OK) {
      return;
    }
    if (scram == null) {
      throw new IOException(
          "the server asks for a password (authentication method " + request.code() + ")");
    }
    switch (request.code()) {
      case Authentication.SASL ->
          messages.send(
              new SaslInitialResponse(ScramServer.MECHANISM, UTF_8.encode(scram.first())));
      case Authentication.SASL_CONTINUE ->
          messages.send(new SaslResponse(UTF_8.encode(scram.last(request.text()))));
      case Authentication.SASL_FINAL -> scram.verify(request.text());
      default ->
          throw new IOException(
              "the server asks for an unknown authentication method " + request.code());
    }
  }

  @Override
  public void close() throws IOException {
    messages.send(new Terminate());
    socket.close();
  }

  /**
   * What one statement answered.
   *
   * @param columns empty if the statement returns no rows
   * @param rows values in PostgreSQL's text format, NULL as null
   * @param commandTag for example {@code SELECT 1}
   */
  record QueryResult(List<Column> columns, List<List<@Nullable String>> rows, String commandTag) {}

  /** The server answered a statement, or the connection, with an ErrorResponse. */
  static final class QueryFailedException extends Exception {
    private static final long serialVersionUID = 1L;

    QueryFailedException(ErrorFields error) {
      super(
          "%s:  %s"
              .formatted(
                  error.get(ErrorFields.SEVERITY),
                  Objects.requireNonNullElse(error.get(ErrorFields.MESSAGE), "(no message)")));
    }
  }
}
