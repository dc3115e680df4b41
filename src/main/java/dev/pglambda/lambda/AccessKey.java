package dev.pglambda.lambda;

import org.jspecify.annotations.Nullable;

/**
 * Credentials of AWS. {@link #toString()} shows the id only.
 *
 * @param id access key id, which is no secret
 * @param secret secret access key
 * @param sessionToken of temporary credentials; null: they are not temporary
 */
public record AccessKey(String id, String secret, @Nullable String sessionToken) {
  @Override
  public String toString() {
    return "AccessKey[" + id + "]";
  }
}
