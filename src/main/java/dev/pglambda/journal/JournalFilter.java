package dev.pglambda.journal;

import java.time.Instant;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which calls are asked for; null each: any.
 *
 * @param function the name as SQL gave it
 * @param failed whether it has failed
 * @param outcome what has become of it
 * @param since not before then
 * @param before with a smaller number
 * @param database where it comes from
 * @param installation through which it has come
 */
public record JournalFilter(
    @Nullable String function,
    @Nullable Boolean failed,
    @Nullable Outcome outcome,
    @Nullable Instant since,
    @Nullable Long before,
    @Nullable String database,
    @Nullable String installation)
    implements Predicate<JournalEntry> {
  /** All calls. */
  public static final JournalFilter ALL =
      new JournalFilter(null, null, null, null, null, null, null);

  @Override
  public boolean test(JournalEntry entry) {
    return (function == null || function.equals(entry.functionName()))
        && (failed == null || failed == entry.outcome().isFailure())
        && (outcome == null || outcome == entry.outcome())
        && (since == null || !entry.startedAt().isBefore(since))
        && (before == null || entry.id() < before)
        && (database == null || database.equals(entry.origin().database()))
        && (installation == null || installation.equals(entry.origin().installation()));
  }
}
