package dev.pglambda.relay;

import dev.pglambda.intercept.Rewrite.Keys;
import dev.pglambda.intercept.Rewrite.ReplacedSpan;
import dev.pglambda.limits.MemoryAccount;
import dev.pglambda.protocol.FrameFields;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The texts of the server's prepared statements, or of its portals, by name: those of which
 * something was replaced, which may take keys, or to which something is attached. A name given as a
 * string has one {@code char} per byte. Not thread-safe.
 */
public final class NamedTexts {
  /** More are not noted, which leaves them with the tag {@code DO}. */
  private static final int MAX_NAMES = 1_000;

  static final List<ReplacedSpan> NONE = List.of();

  private final MemoryAccount memory;
  private final Map<Name, Text> texts = new HashMap<>();

  /** To look names up with, without allocating. */
  private final Name probe = new Name(new byte[Name.SIGNIFICANT_BYTES]);

  NamedTexts(MemoryAccount memory) {
    this.memory = memory;
  }

  /** What a name stands for, as the server has it after all replies that have come. */
  static final class Text {
    private final MemoryAccount memory;
    private List<ReplacedSpan> rewritten = NONE;
    private Keys keys = Keys.NONE;
    private @Nullable Object attachment;

    /** Whether it takes keys, now or when all that is under way is completed. */
    private boolean mayTakeKeys;

    private long bytes;

    private Text(MemoryAccount memory) {
      this.memory = memory;
    }

    List<ReplacedSpan> rewritten() {
      return rewritten;
    }

    Keys keys() {
      return keys;
    }

    boolean mayTakeKeys() {
      return mayTakeKeys;
    }

    /** A message is under way with which it may take keys. */
    void mayTakeKeys(boolean may) {
      mayTakeKeys |= may;
    }

    void become(List<ReplacedSpan> spans, Keys ofText) {
      rewritten = spans;
      keys = ofText;
      mayTakeKeys = ofText != Keys.NONE;
      attachment = null;
      memory.release(bytes);
      bytes = 0;
    }

    /** It is the client's own from now on. */
    void forget() {
      become(NONE, Keys.NONE);
    }

    private boolean isForgotten() {
      return rewritten.isEmpty() && keys == Keys.NONE && attachment == null;
    }
  }

  boolean isEmpty() {
    return texts.isEmpty();
  }

  /** The text of the name that begins at an index; null if it is not known, or has no end. */
  @Nullable Text find(ByteBuf buffer, int from, int end) {
    int nul = FrameFields.stringEnd(buffer, from, end);
    return nul < 0 ? null : texts.get(probe.read(buffer, from, nul));
  }

  @Nullable Text find(String name) {
    return texts.get(probe.read(name));
  }

  /** The same of a name that has an end, which is noted if it is not known. */
  Text findOrNote(ByteBuf buffer, int from, int end) {
    Text text = find(buffer, from, end);
    return text == null ? note() : text;
  }

  /** Notes the name that was looked up last. */
  private Text note() {
    Text text = new Text(memory);
    if (texts.size() < MAX_NAMES) {
      texts.put(probe.copy(), text);
    }
    return text;
  }

  /** Whether a text takes keys, now or when all that is under way is completed. */
  boolean mayTakeKeys(ByteBuf buffer, int from, int end) {
    Text text = find(buffer, from, end);
    return text != null && text.mayTakeKeys;
  }

  Keys keys(String name) {
    Text text = find(name);
    return text == null ? Keys.NONE : text.keys;
  }

  void forgetAll() {
    texts.values().forEach(Text::forget);
  }

  void removeForgotten() {
    texts.values().removeIf(Text::isForgotten);
  }

  // ---- what local execution keeps with a name

  boolean hasAttachment(ByteBuf buffer, int from, int end) {
    Text text = find(buffer, from, end);
    return text != null && text.attachment != null;
  }

  boolean hasAttachments() {
    return texts.values().stream().anyMatch(text -> text.attachment != null);
  }

  public @Nullable Object attachment(String name) {
    Text text = find(name);
    return text == null ? null : text.attachment;
  }

  public boolean hasRoom(String name) {
    return texts.size() < MAX_NAMES || find(name) != null;
  }

  /** Attaches something, for which bytes are reserved that are released when it is forgotten. */
  public void attach(String name, Object attachment, long bytes) {
    Text found = find(name);
    Text text = found == null ? note() : found;
    text.forget();
    text.attachment = attachment;
    text.bytes = bytes;
  }

  /** The server does not have the name any more, or it is like any other from now on. */
  public void forget(String name) {
    Text text = find(name);
    if (text != null) {
      text.forget();
    }
  }

  /** Bytes of a name. */
  private static final class Name {
    /** PostgreSQL compares no more of a name: its NAMEDATALEN, less the terminating NUL. */
    private static final int SIGNIFICANT_BYTES = 63;

    private final byte[] bytes;
    private int length;

    private Name(byte[] bytes) {
      this.bytes = bytes;
      this.length = bytes.length;
    }

    private Name read(ByteBuf buffer, int from, int end) {
      length = Math.min(end - from, SIGNIFICANT_BYTES);
      buffer.getBytes(from, bytes, 0, length);
      return this;
    }

    private Name read(String name) {
      byte[] all = name.getBytes(StandardCharsets.ISO_8859_1);
      length = Math.min(all.length, SIGNIFICANT_BYTES);
      System.arraycopy(all, 0, bytes, 0, length);
      return this;
    }

    private Name copy() {
      return new Name(Arrays.copyOf(bytes, length));
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Name name
          && Arrays.equals(bytes, 0, length, name.bytes, 0, name.length);
    }

    @Override
    public int hashCode() {
      int hash = 1;
      for (int i = 0; i < length; i++) {
        hash = 31 * hash + bytes[i];
      }
      return hash;
    }
  }
}
