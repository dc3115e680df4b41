package dev.pglambda.config;

import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/** Bytes that must not be shown: {@link #toString()} hides them. */
public final class Secret {
  /** Fewest bytes of a secret. */
  public static final int MINIMUM_OCTETS = 32;

  private final byte[] octets;

  /**
   * @param octets at least {@value #MINIMUM_OCTETS}; copied
   * @throws IllegalArgumentException if they are too few
   */
  public Secret(byte[] octets) {
    if (octets.length < MINIMUM_OCTETS) {
      throw new IllegalArgumentException("too short");
    }
    this.octets = octets.clone();
  }

  /** A copy of the bytes. */
  public byte[] octets() {
    return octets.clone();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Secret secret && MessageDigest.isEqual(octets, secret.octets);
  }

  @Override
  public int hashCode() {
    return Secret.class.hashCode(); // says nothing of the octets
  }

  @Override
  public String toString() {
    return "(hidden)";
  }
}
