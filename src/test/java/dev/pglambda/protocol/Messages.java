package dev.pglambda.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One message of each record at least, for tests of the codec. */
final class Messages {
  private static final ErrorFields FIELDS =
      ErrorFields.of(
          ErrorFields.ERROR, new SqlError(SqlState.SYNTAX_ERROR, "caf\u00e9", "detail", "hint"));

  static final List<BackendMessage> BACKEND =
      List.of(
          BackendMessage.Authentication.ok(),
          BackendMessage.Authentication.sasl("SCRAM-SHA-256"),
          new BackendMessage.BackendKeyData(7, bytes("secret")),
          new BackendMessage.BindComplete(),
          new BackendMessage.CloseComplete(),
          new BackendMessage.CommandComplete("SELECT 1"),
          new BackendMessage.CopyBothResponse(0, List.of()),
          new BackendMessage.CopyData(bytes("a\tb\n")),
          new BackendMessage.CopyDone(),
          new BackendMessage.CopyInResponse(1, List.of(0, 1)),
          new BackendMessage.CopyOutResponse(0, List.of(0)),
          new BackendMessage.DataRow(Arrays.asList(bytes("a"), null, bytes(""))),
          new BackendMessage.DataRow(List.of()),
          new BackendMessage.EmptyQueryResponse(),
          new BackendMessage.ErrorResponse(FIELDS),
          new BackendMessage.FunctionCallResponse(bytes("8")),
          new BackendMessage.FunctionCallResponse(null),
          new BackendMessage.NegotiateProtocolVersion(
              StartupPacket.PROTOCOL_3_0, List.of("_pq_.a", "_pq_.b")),
          new BackendMessage.NoData(),
          new BackendMessage.NoticeResponse(FIELDS),
          new BackendMessage.NotificationResponse(7, "channel", "payload"),
          new BackendMessage.ParameterDescription(List.of(TypeOid.INT4, -1)),
          new BackendMessage.ParameterStatus("TimeZone", "UTC"),
          new BackendMessage.ParseComplete(),
          new BackendMessage.PortalSuspended(),
          new BackendMessage.ReadyForQuery(BackendMessage.ReadyForQuery.IN_TRANSACTION),
          new BackendMessage.RowDescription(
              List.of(
                  BackendMessage.Column.text("a"),
                  new BackendMessage.Column("b", 16384, 2, TypeOid.INT4, 4, -1, 1))),
          new BackendMessage.Unknown((byte) '~', bytes("anything")));

  static final List<FrontendMessage> FRONTEND =
      List.of(
          FrontendMessage.Bind.EMPTY,
          new FrontendMessage.Bind(
              "portal",
              "statement",
              List.of(0, 1),
              Arrays.asList(bytes("x"), null),
              List.of(FrontendMessage.BINARY_FORMAT)),
          FrontendMessage.Close.statement("s"),
          new FrontendMessage.CopyData(bytes("a\tb\n")),
          new FrontendMessage.CopyDone(),
          new FrontendMessage.CopyFail("no data"),
          FrontendMessage.Describe.portal("caf\u00e9"),
          new FrontendMessage.Execute("portal", 7),
          new FrontendMessage.Flush(),
          new FrontendMessage.FunctionCall(1, List.of(1), Arrays.asList(bytes("x"), null), 0),
          new FrontendMessage.Parse("s", "SELECT $1", List.of(TypeOid.TEXT, -1)),
          new FrontendMessage.Query("SELECT 'caf\u00e9'"),
          new FrontendMessage.SaslResponse(bytes("c=biws,r=x,p=y")),
          new FrontendMessage.Sync(),
          new FrontendMessage.Terminate(),
          new FrontendMessage.Unknown((byte) '~', bytes("anything")));

  static final List<StartupPacket> STARTUP =
      List.of(
          new StartupPacket.SslRequest(),
          new StartupPacket.GssEncRequest(),
          new StartupPacket.CancelRequest(7, bytes("secret")),
          new StartupPacket.StartupMessage(3, 2, parameters()),
          new StartupPacket.StartupMessage(Map.of()));

  private Messages() {}

  private static Map<String, String> parameters() {
    Map<String, String> parameters = new LinkedHashMap<>();
    parameters.put("user", "alice");
    parameters.put("database", "shop");
    return parameters;
  }

  static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(ISO_8859_1));
  }

  /** All of a message. */
  static byte[] written(Message message) {
    return MessageWriter.bytes(ISO_8859_1, message);
  }

  /** The body of a message with a type. */
  static byte[] body(byte[] frame) {
    return Arrays.copyOfRange(frame, Frame.HEADER_LENGTH, frame.length);
  }
}
