package dev.pglambda.relay;

import dev.pglambda.intercept.Rewrite.Keys;
import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.protocol.FrameFields;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.relay.NamedTexts.Text;
import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which of the server's prepared statements and portals have a text that was rewritten, by name.
 *
 * <p>A message that names one is given to {@link ReplyQueue} as a {@link SentMessage} when it is
 * sent, and takes effect when the server has completed it. So a name means for every message what
 * it means to the server, whatever is under way before it, and a Parse or Bind that fails or is
 * skipped changes nothing.
 *
 * <p>Names that the server drops otherwise (DEALLOCATE, DISCARD, ROLLBACK TO; the unnamed statement
 * at a simple Query) stay until they are used anew, or, portals, until no transaction is open. That
 * shows nowhere: what is executed under a name was parsed and bound under it by messages seen here,
 * because SQL's PREPARE and DECLARE take no utility statements, and only the tag {@code DO} is ever
 * replaced.
 *
 * <p>Not thread-safe. For a message whose names are not known nothing is allocated.
 */
public final class PreparedStatements {
  private final NamedTexts statements;
  private final NamedTexts portals;

  PreparedStatements(MemoryAccount memory) {
    statements = new NamedTexts(memory);
    portals = new NamedTexts(memory);
  }

  /** A message that names a statement or portal whose text is or was rewritten. */
  non-sealed interface SentMessage extends ReplyOwner {
    /**
     * The rewritten statements of the text that the server works on; none if it is the client's.
     */
    default List<ReplacedSpan> rewritten() {
      return NamedTexts.NONE;
    }

    /** The server has done what the message asks for. */
    default void completed() {}
  }

  private record SentParse(Text statement, List<ReplacedSpan> rewritten, Keys keys)
      implements SentMessage {
    @Override
    public void completed() {
      statement.become(rewritten, keys);
    }
  }

  private record SentBind(Text portal, @Nullable Text statement) implements SentMessage {
    @Override
    public void completed() {
      if (statement == null) {
        portal.forget();
      } else {
        portal.become(statement.rewritten(), statement.keys());
      }
    }
  }

  private record SentExecute(Text portal) implements SentMessage {
    @Override
    public List<ReplacedSpan> rewritten() {
      return portal.rewritten();
    }
  }

  private record SentClose(Text text) implements SentMessage {
    @Override
    public void completed() {
      text.forget();
    }
  }

  public NamedTexts statements() {
    return statements;
  }

  public NamedTexts portals() {
    return portals;
  }

  /** Whether no name is known, so that no Bind, Execute or Close can be of interest. */
  boolean isEmpty() {
    return statements.isEmpty() && portals.isEmpty();
  }

  boolean haveAttachments() {
    return statements.hasAttachments() || portals.hasAttachments();
  }

  /** A Parse with a rewritten text; {@code name} is where the statement's name begins. */
  SentMessage parse(ByteBuf buffer, int name, int end, List<ReplacedSpan> rewritten, Keys keys) {
    Text statement = statements.findOrNote(buffer, name, end);
    statement.mayTakeKeys(keys != Keys.NONE);
    return new SentParse(statement, rewritten, keys);
  }

  /** A Parse with the client's own text; null if its name is not known. */
  @Nullable SentMessage parse(ByteBuf buffer, int name, int end) {
    return forgets(statements.find(buffer, name, end));
  }

  /**
   * A Parse too long to be looked at. It is taken for one of the unnamed statement: the others must
   * be closed before their names can be used again.
   */
  @Nullable SentMessage parseUnseen() {
    return forgets(statements.find(""));
  }

  /**
   * Whether a Bind, Describe or Execute has to wait for its turn: something is attached to what it
   * names, or it executes what may take keys.
   *
   * @param body where the body of the message begins, which may be malformed
   * @param idle whether a Bind begins a series of messages
   */
  boolean isToBeHeld(byte type, ByteBuf buffer, int body, int end, boolean idle) {
    int name = FrameFields.nameStart(type, body);
    if (FrameFields.stringEnd(buffer, name, end) < 0) {
      return false;
    }
    return switch (type) {
      case FrontendMessage.DESCRIBE ->
          FrameFields.namesStatement(buffer, body) && statements.hasAttachment(buffer, name, end);
      case FrontendMessage.EXECUTE ->
          portals.hasAttachment(buffer, name, end) || portals.mayTakeKeys(buffer, name, end);
      case FrontendMessage.BIND -> {
        int statement = FrameFields.behindString(buffer, name, end);
        yield statements.hasAttachment(buffer, statement, end)
            || (idle && statements.mayTakeKeys(buffer, statement, end));
      }
      default -> false;
    };
  }

  /** A Bind, Execute or Close; null if its names are not known, or it is malformed. */
  @Nullable SentMessage named(byte type, ByteBuf buffer, int body, int end) {
    int name = FrameFields.nameStart(type, body);
    if (FrameFields.stringEnd(buffer, name, end) < 0) {
      return null;
    }
    return switch (type) {
      case FrontendMessage.BIND -> bind(buffer, name, end);
      case FrontendMessage.EXECUTE -> executes(portals.find(buffer, name, end));
      case FrontendMessage.CLOSE -> forgets(closed(buffer, body, name, end));
      default -> null;
    };
  }

  private @Nullable Text closed(ByteBuf buffer, int body, int name, int end) {
    if (FrameFields.namesStatement(buffer, body)) {
      return statements.find(buffer, name, end);
    }
    return FrameFields.namesPortal(buffer, body) ? portals.find(buffer, name, end) : null;
  }

  private @Nullable SentMessage bind(ByteBuf buffer, int name, int end) {
    int statementName = FrameFields.behindString(buffer, name, end);
    if (FrameFields.stringEnd(buffer, statementName, end) < 0) {
      return null;
    }
    Text statement = statements.find(buffer, statementName, end);
    Text portal =
        statement == null ? portals.find(buffer, name, end) : portals.findOrNote(buffer, name, end);
    if (portal == null) {
      return null;
    }
    portal.mayTakeKeys(statement != null && statement.mayTakeKeys());
    return new SentBind(portal, statement);
  }

  private static @Nullable SentMessage executes(@Nullable Text portal) {
    return portal == null ? null : new SentExecute(portal);
  }

  private static @Nullable SentMessage forgets(@Nullable Text text) {
    return text == null ? null : new SentClose(text);
  }

  /**
   * The server is ready for the next query. Where no transaction is open there are no portals;
   * where all is answered, no message is under way that could refer to a name.
   */
  void ready(boolean idle, boolean allAnswered) {
    if (isEmpty()) {
      return;
    }
    if (idle) {
      portals.forgetAll();
    }
    if (allAnswered) {
      statements.removeForgotten();
      portals.removeForgotten();
    }
  }
}
