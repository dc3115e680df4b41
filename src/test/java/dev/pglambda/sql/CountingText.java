package dev.pglambda.sql;

/** A text that counts how often its characters are read. */
public final class CountingText implements CharSequence {
  private final String text;
  private long reads;

  public CountingText(String text) {
    this.text = text;
  }

  public long reads() {
    return reads;
  }

  @Override
  public int length() {
    return text.length();
  }

  @Override
  public char charAt(int index) {
    reads++;
    return text.charAt(index);
  }

  @Override
  public CharSequence subSequence(int start, int end) {
    return text.subSequence(start, end);
  }

  @Override
  public String toString() {
    return text;
  }
}
