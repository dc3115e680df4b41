package dev.pglambda.relay;

import dev.pglambda.protocol.BackendMessage.DataRow;
import dev.pglambda.protocol.ErrorFields;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.FrontendMessage.Bind;
import dev.pglambda.protocol.FrontendMessage.Close;
import dev.pglambda.protocol.FrontendMessage.Execute;
import dev.pglambda.protocol.FrontendMessage.Parse;
import dev.pglambda.protocol.FrontendMessage.Sync;
import dev.pglambda.protocol.Message;
import dev.pglambda.protocol.MessageWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the proxy itself sends to the server around statements that install the extension: it asks
 * whether the role may have the keys, and only then binds a portal from which the statement fetches
 * them, or has them stored afterwards. The keys are values of parameters, never text of a
 * statement.
 *
 * @param cursor name of the portal; prepared statements of that name are made and closed again
 * @param ask a query without keys, of one row with two columns: {@code t} if the current role may
 *     have the keys, and the installation that it keeps, or NULL; ASCII
 * @param askForProcedure the same, whose answer is {@code t} only if the database has a routine
 *     that installs the extension, and has not got the extension
 * @param parameters a query that gives the session the run-time parameters of the extension; ASCII
 * @param query what the portal returns; ASCII
 * @param values its parameters
 * @param storeBlock a statement that fetches from the portal; ASCII
 * @param wantedSqlState SQLSTATE of a notice by which the server asks for {@link #store}
 * @param failedSqlState SQLSTATE of a notice by which {@code storeBlock} tells why it failed
 */
public record CallbackKeyDelivery(
    String cursor,
    String ask,
    String askForProcedure,
    String parameters,
    String query,
    OfferedValues values,
    String storeBlock,
    String wantedSqlState,
    String failedSqlState) {
  private static final Pattern VALUE = Pattern.compile("\\$\\d+ = ");

  /** The messages of {@link #offer}, in order. */
  static final byte[] OFFER_TYPES = {
    FrontendMessage.CLOSE, FrontendMessage.PARSE, FrontendMessage.BIND, FrontendMessage.CLOSE
  };

  /** The messages of {@link #store}, in order. */
  static final byte[] STORE_TYPES = {
    FrontendMessage.CLOSE,
    FrontendMessage.PARSE,
    FrontendMessage.BIND,
    FrontendMessage.CLOSE,
    FrontendMessage.PARSE,
    FrontendMessage.BIND,
    FrontendMessage.EXECUTE,
    FrontendMessage.CLOSE,
    FrontendMessage.SYNC
  };

  /** The values of the parameters behind the portal. */
  @FunctionalInterface
  public interface OfferedValues {
    /** In text format, for an installation or, null, a new one; an element may be null. */
    List<@Nullable String> of(@Nullable String installation);
  }

  static boolean isYes(List<byte @Nullable []> answer) {
    byte[] value = answer.get(0);
    return value != null && value.length == 1 && value[0] == 't';
  }

  /** After a yes, binds the portal; the client's message is to follow in the same transaction. */
  ByteBuf offer(List<byte @Nullable []> answer) {
    return frames(offered(answer));
  }

  private List<Message> offered(List<byte @Nullable []> answer) {
    byte[] installation = answer.get(1);
    String ofInstallation =
        installation == null ? null : new String(installation, StandardCharsets.US_ASCII);
    return List.of(
        Close.portal(cursor), // what an earlier offer in this transaction has left
        new Parse(cursor, query, List.of()),
        bind(cursor, values.of(ofInstallation)),
        Close.statement(cursor));
  }

  /** After a yes, binds the portal and has the keys stored, with a Sync of its own. */
  ByteBuf store(List<byte @Nullable []> answer) {
    String block = cursor + "_store";
    List<Message> messages = new ArrayList<>(offered(answer));
    messages.add(new Parse(block, storeBlock, List.of()));
    messages.add(bind(block, List.of()));
    messages.add(new Execute(block, 0));
    messages.add(Close.statement(block));
    messages.add(new Sync());
    return frames(messages);
  }

  private static Bind bind(String name, List<@Nullable String> values) {
    return new Bind(name, name, List.of(), DataRow.of(values).values(), List.of());
  }

  private static ByteBuf frames(List<Message> messages) {
    return Unpooled.wrappedBuffer(
        MessageWriter.bytes(StandardCharsets.US_ASCII, messages.toArray(Message[]::new)));
  }

  /** Whether a notice asks for the keys: it is an INFO, which reaches every client. */
  boolean isWantedBy(ErrorFields notice) {
    return wantedSqlState.equals(notice.get(ErrorFields.SQLSTATE))
        && "INFO".equals(notice.get(ErrorFields.SEVERITY_NOT_LOCALIZED));
  }

  boolean isFailure(@Nullable String sqlState) {
    return failedSqlState.equals(sqlState);
  }

  /**
   * Whether an error or notice quotes the query, and so perhaps the values of its parameters
   * ({@code log_statement}, {@code log_min_duration_statement}, auto_explain; with {@code
   * client_min_messages = log} they reach the client).
   */
  boolean isQuotedBy(ErrorFields fields) {
    String message = fields.get(ErrorFields.MESSAGE);
    return message != null && message.contains(query);
  }

  /**
   * Takes the lines out of a CONTEXT that show the values of the portal's parameters ({@code
   * log_parameter_max_length_on_error}, which every user can set), if the offer itself fails or if
   * a client executes the portal; true if that changed the fields.
   */
  boolean conceal(ErrorFields fields) {
    String context = fields.get(ErrorFields.CONTEXT);
    if (context == null || context.lines().noneMatch(this::showsParameters)) {
      return false;
    }
    String rest =
        context.lines().filter(line -> !showsParameters(line)).collect(Collectors.joining("\n"));
    fields.with(ErrorFields.CONTEXT, rest.isEmpty() ? null : rest);
    return true;
  }

  /**
   * As the server prints it: {@code portal "name" with parameters: $1 = '..', $2 = ..}; since
   * PostgreSQL 16 also {@code portal "name" parameter $2 = '..'}.
   */
  private boolean showsParameters(String line) {
    return line.contains(cursor) && VALUE.matcher(line).find();
  }
}
