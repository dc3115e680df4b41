package dev.pglambda.config;

/** The versions of TLS that are not broken. */
public enum TlsVersion {
  TLS_1_2("1.2"),
  TLS_1_3("1.3");

  private final String number;

  TlsVersion(String number) {
    this.number = number;
  }

  /** Throws IllegalArgumentException if the text is no version's number. */
  static TlsVersion numbered(String number) {
    for (TlsVersion version : values()) {
      if (version.number.equals(number)) {
        return version;
      }
    }
    throw new IllegalArgumentException("no version");
  }

  /** As Java's TLS names it, for example {@code TLSv1.2}. */
  public String protocol() {
    return "TLSv" + number;
  }
}
