package dev.pglambda.relay;

import dev.pglambda.intercept.Rewrite.Keys;
import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.limits.MemoryAccount;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
 * mended.
 *
 * <p>Not thread-safe. For a message whose names are not known nothing is allocated.
 */
public final class PreparedStatements {
  /** More are not noted, which leaves them with the tag {@code DO}. */
  private static final int MAX_NAMES = 1_000;

  private static final List<ReplacedSpan> NONE = List.of();

  private final MemoryAccount memory;
  private final Map<Name, Text> statements = new HashMap<>();
  private final Map<Name, Text> portals = new HashMap<>();

  /** To look names up with. */
  private final Name probe = new Name(new byte[Name.SIGNIFICANT_OCTETS]);

  /**
   * @param memory where statements and portals are reserved that the proxy serves
   */
  PreparedStatements(MemoryAccount memory) {
    this.memory = memory;
  }

  /** A message that names a statement or portal whose text is or was rewritten. */
  non-sealed interface SentMessage extends ReplyOwner {
    /**
     * The rewritten statements of the text that the server works on; none if it is the client's.
     */
    List<ReplacedSpan> rewritten();

    /** The server has done what the message asks for. */
    default void completed() {}
  }

  /** What stands under a name, as the server has it after all replies that have come. */
  private static final class Text {
    private final MemoryAccount memory;
    private List<ReplacedSpan> rewritten = NONE;
    private Keys keys = Keys.NONE;
    private @Nullable Object attachment;

    /** The same of a message that is under way: it may take keys by now. */
    private boolean mayTakeKeys;

    /** Bytes reserved for the attachment. */
    private long bytes;

    private Text(MemoryAccount memory) {
      this.memory = memory;
    }

    private void become(List<ReplacedSpan> parts, Keys ofText) {
      rewritten = parts;
      keys = ofText;
      mayTakeKeys = ofText != Keys.NONE;
      attachment = null;
      memory.release(bytes);
      bytes = 0;
    }

    private boolean isOfInterest() {
      return !rewritten.isEmpty() || keys != Keys.NONE || attachment != null;
    }
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
    public List<ReplacedSpan> rewritten() {
      return NONE;
    }

    @Override
    public void completed() {
      portal.become(
          statement == null ? NONE : statement.rewritten,
          statement == null ? Keys.NONE : statement.keys);
    }
  }

  private record SentExecute(Text portal) implements SentMessage {
    @Override
    public List<ReplacedSpan> rewritten() {
      return portal.rewritten;
    }
  }

  private record SentClose(Text text) implements SentMessage {
    @Override
    public List<ReplacedSpan> rewritten() {
      return NONE;
    }

    @Override
    public void completed() {
      text.become(NONE, Keys.NONE);
    }
  }

  /** Whether no name is known, so that no Bind, Execute or Close can be of interest. */
  boolean isEmpty() {
    return statements.isEmpty() && portals.isEmpty();
  }

  /**
   * A Parse with a rewritten text.
   *
   * @param name where the statement's name begins
   * @param end where it ends
   * @param keys whether the proxy's keys are to be offered when it is executed
   */
  SentMessage parse(ByteBuf buffer, int name, int end, List<ReplacedSpan> rewritten, Keys keys) {
    Text statement = known(statements, buffer, name, end);
    if (statement == null) {
      statement = note(statements);
    }
    statement.mayTakeKeys |= keys != Keys.NONE;
    return new SentParse(statement, rewritten, keys);
  }

  /** A Parse with the client's own text; null if its name is not known. */
  @Nullable SentMessage parse(ByteBuf buffer, int name, int end) {
    Text statement = known(statements, buffer, name, end);
    return statement == null ? null : new SentParse(statement, NONE, Keys.NONE);
  }

  /**
   * A Parse too long to be looked at. It is taken for one of the unnamed statement: the others must
   * be closed before their names can be used again.
   */
  @Nullable SentMessage parseUnseen() {
    Text statement = statements.get(probe.unnamed());
    return statement == null ? null : new SentParse(statement, NONE, Keys.NONE);
  }

  /** A Bind; null if neither of its names is known. */
  @Nullable SentMessage bind(ByteBuf buffer, int portalName, int portalEnd, int statementEnd) {
    Text statement = known(statements, buffer, portalEnd + 1, statementEnd);
    Text portal = known(portals, buffer, portalName, portalEnd);
    if (portal == null && statement != null) {
      portal = note(portals);
    }
    if (portal == null) {
      return null;
    }
    portal.mayTakeKeys |= statement != null && statement.mayTakeKeys;
    return new SentBind(portal, statement);
  }

  /** An Execute; null if the portal's name is not known. */
  @Nullable SentMessage execute(ByteBuf buffer, int portalName, int end) {
    Text portal = known(portals, buffer, portalName, end);
    return portal == null ? null : new SentExecute(portal);
  }

  /** A Close; null if the name is not known. */
  @Nullable SentMessage closeStatement(ByteBuf buffer, int name, int end) {
    Text statement = known(statements, buffer, name, end);
    return statement == null ? null : new SentClose(statement);
  }

  /** A Close; null if the name is not known. */
  @Nullable SentMessage closePortal(ByteBuf buffer, int name, int end) {
    Text portal = known(portals, buffer, name, end);
    return portal == null ? null : new SentClose(portal);
  }

  /** Whether a portal's statement may take keys, once all that is under way is completed. */
  boolean mayTakeKeys(ByteBuf buffer, int portalName, int end) {
    Text portal = known(portals, buffer, portalName, end);
    return portal != null && portal.mayTakeKeys;
  }

  /** The same of a statement. */
  boolean statementMayTakeKeys(ByteBuf buffer, int name, int end) {
    Text statement = known(statements, buffer, name, end);
    return statement != null && statement.mayTakeKeys;
  }

  /** Whether a statement takes keys. */
  Keys keysOfStatement(String name) {
    Text statement = statements.get(probe.read(name));
    return statement == null ? Keys.NONE : statement.keys;
  }

  /** Whether a portal's statement takes keys. */
  Keys keys(String portalName) {
    Text portal = portals.get(probe.read(portalName));
    return portal == null ? Keys.NONE : portal.keys;
  }

  // ---- what local execution keeps with a name; names have one char per byte

  /** Whether a statement of this name can be noted. */
  public boolean hasRoomForStatement(String name) {
    return hasRoom(statements, name);
  }

  /** Whether a portal of this name can be noted. */
  public boolean hasRoomForPortal(String name) {
    return hasRoom(portals, name);
  }

  private boolean hasRoom(Map<Name, Text> texts, String name) {
    return texts.size() < MAX_NAMES || texts.containsKey(probe.read(name));
  }

  /** Whether a statement has an attachment, or had one until lately. */
  boolean hasAttachment(ByteBuf buffer, int name, int end) {
    Text statement = known(statements, buffer, name, end);
    return statement != null && statement.attachment != null;
  }

  /** The same for a portal. */
  boolean portalHasAttachment(ByteBuf buffer, int name, int end) {
    Text portal = known(portals, buffer, name, end);
    return portal != null && portal.attachment != null;
  }

  /** Whether there is a statement or portal with an attachment. */
  boolean haveAttachments() {
    return statements.values().stream().anyMatch(text -> text.attachment != null)
        || portals.values().stream().anyMatch(text -> text.attachment != null);
  }

  /**
   * Attaches something to a statement that the server has now.
   *
   * @param bytes reserved for it, and released when it is forgotten
   */
  public void attach(String name, Object attachment, long bytes) {
    attach(noted(statements, name), attachment, bytes);
  }

  /** The same to a portal. */
  public void attachToPortal(String name, Object attachment, long bytes) {
    attach(noted(portals, name), attachment, bytes);
  }

  private static void attach(Text text, Object attachment, long bytes) {
    text.become(NONE, Keys.NONE);
    text.attachment = attachment;
    text.bytes = bytes;
  }

  /** What is attached to a statement; null if nothing is. */
  public @Nullable Object attachment(String name) {
    Text statement = statements.get(probe.read(name));
    return statement == null ? null : statement.attachment;
  }

  /** What is attached to a portal; null if nothing is. */
  public @Nullable Object portalAttachment(String name) {
    Text portal = portals.get(probe.read(name));
    return portal == null ? null : portal.attachment;
  }

  /** The server has no such statement. */
  public void forgetStatement(String name) {
    forget(statements.get(probe.read(name)));
  }

  /** A portal is like any other from now on. */
  public void forgetPortal(String name) {
    forget(portals.get(probe.read(name)));
  }

  private static void forget(@Nullable Text text) {
    if (text != null) {
      text.become(NONE, Keys.NONE);
    }
  }

  private Text noted(Map<Name, Text> texts, String name) {
    Text text = texts.get(probe.read(name));
    return text == null ? note(texts) : text;
  }

  /**
   * The server is ready for the next query.
   *
   * @param idle whether no transaction is open: then there are no portals
   * @param allAnswered whether no message is under way that could refer to a name
   */
  void ready(boolean idle, boolean allAnswered) {
    if (isEmpty()) {
      return;
    }
    if (idle) {
      portals.values().forEach(portal -> portal.become(NONE, Keys.NONE));
    }
    if (allAnswered) {
      statements.values().removeIf(statement -> !statement.isOfInterest());
      portals.values().removeIf(portal -> !portal.isOfInterest());
    }
  }

  private @Nullable Text known(Map<Name, Text> texts, ByteBuf buffer, int from, int end) {
    return texts.get(probe.read(buffer, from, end));
  }

  /** Notes the name that was looked up last. */
  private Text note(Map<Name, Text> texts) {
    Text text = new Text(memory);
    if (texts.size() < MAX_NAMES) {
      texts.put(probe.copy(), text);
    }
    return text;
  }

  /** Bytes of a name. */
  private static final class Name {
    /** PostgreSQL compares no more of a name: its NAMEDATALEN, less the terminating NUL. */
    private static final int SIGNIFICANT_OCTETS = 63;

    private final byte[] octets;
    private int length;

    private Name(byte[] octets) {
      this.octets = octets;
      this.length = octets.length;
    }

    private Name read(ByteBuf buffer, int from, int end) {
      length = Math.min(end - from, SIGNIFICANT_OCTETS);
      buffer.getBytes(from, octets, 0, length);
      return this;
    }

    private Name read(String name) {
      byte[] all = name.getBytes(StandardCharsets.ISO_8859_1);
      length = Math.min(all.length, SIGNIFICANT_OCTETS);
      System.arraycopy(all, 0, octets, 0, length);
      return this;
    }

    private Name unnamed() {
      length = 0;
      return this;
    }

    private Name copy() {
      return new Name(Arrays.copyOf(octets, length));
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Name name
          && Arrays.equals(octets, 0, length, name.octets, 0, name.length);
    }

    @Override
    public int hashCode() {
      int hash = 1;
      for (int i = 0; i < length; i++) {
        hash = 31 * hash + octets[i];
      }
      return hash;
    }
  }
}
