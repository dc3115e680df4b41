package dev.pglambda.testing;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a fuzzer has made up, taken from front to back; when it is used up, zeros follow. */
public final class FuzzInput {
  private final byte[] bytes;
  private int at;

  public FuzzInput(byte[] bytes) {
    this.bytes = bytes;
  }

  public boolean isEmpty() {
    return at == bytes.length;
  }

  /** The next byte, 0 to 255. */
  public int next() {
    return isEmpty() ? 0 : bytes[at++] & 0xff;
  }

  /** The next byte as a character. */
  public char nextChar() {
    return (char) next();
  }

  /** A number from 0 up to, and without, a bound of at most 256. */
  public int below(int bound) {
    return next() % bound;
  }

  public boolean nextBoolean() {
    return (next() & 1) != 0;
  }

  /** The next bytes, or fewer if there are fewer. */
  public byte[] take(int count) {
    byte[] taken = Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + count));
    at += taken.length;
    return taken;
  }

  /** All that is left. */
  public byte[] rest() {
    return take(bytes.length);
  }

  /** All that is left, one {@code char} per byte. */
  public String restAsText() {
    return new String(rest(), StandardCharsets.ISO_8859_1);
  }

  /**
   * All that is left, cut into the pieces in which it arrives. The first byte says how many lengths
   * follow; they are used in turn, 0 for what is left.
   */
  public List<byte[]> pieces() {
    byte[] lengths = take(below(8));
    List<byte[]> pieces = new ArrayList<>();
    for (int i = 0; !isEmpty(); i++) {
      int length = lengths.length == 0 ? 0 : lengths[i % lengths.length] & 0xff;
      pieces.add(length == 0 ? rest() : take(length));
    }
    return pieces;
  }
}
