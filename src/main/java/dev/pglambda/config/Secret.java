package dev.pglambda.config;

import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/** Bytes that must not be shown: {@link #toString()} hides them. */
public final class Secret {
  /** Fewest bytes of a secret. */
  public static final int MINIMUM_BYTES = 32;

  private final byte[] bytes;

  /** Copies the bytes; throws IllegalArgumentException for fewer than {@value #MINIMUM_BYTES}. */
  public Secret(byte[] bytes) {
    if (bytes.length < MINIMUM_BYTES) {
      throw new IllegalArgumentException("too short");
    }
    this.bytes = bytes.clone();
  }

  /** A copy of the bytes. */
  public byte[] bytes() {
    return bytes.clone();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Secret secret && MessageDigest.isEqual(bytes, secret.bytes);
  }

  @Override
  public int hashCode() {
    return Secret.class.hashCode(); // says nothing of the bytes
  }

  @Override
  public String toString() {
    return "(hidden)";
  }
}
