package dev.pglambda.testing;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.zip.CRC32C;

/**
 * Lines for COPY that are their own numbers, in 8 kB with the newline: one that is missing, or out
 * of order, is noticed.
 */
public final class NumberedLines {
  public static final int LINE_BYTES = 8 * 1024;
  public static final int LINES_PER_MEGABYTE = 1024 * 1024 / LINE_BYTES;

  /** The key of the advisory lock for which {@code in_order} waits. */
  public static final int LOCK = 1;

  /**
   * A function for {@code COPY .. WHERE in_order(line)}: lines are counted in the parameter {@code
   * test.lines}, checked one by one, and not kept. The tenth waits for the lock.
   */
  public static final String IN_ORDER_FUNCTION =
      """
      CREATE FUNCTION in_order(line text) RETURNS boolean LANGUAGE plpgsql AS $$
      DECLARE number int := current_setting('test.lines')::int + 1;
      BEGIN
        IF line <> lpad(number::text, %d, '0') THEN
          RAISE 'line %%: %%', number, left(line, 100);
        END IF;
        PERFORM set_config('test.lines', number::text, false);
        IF number = 10 THEN
          PERFORM pg_advisory_xact_lock(%d);
        END IF;
        RETURN false;
      END $$
      """
          .formatted(LINE_BYTES - 1, LOCK);

  /** Whether a session waits for the lock. */
  public static final String WAITS_FOR_LOCK =
      "SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";

  /** Whether a session waits for its client to read. */
  public static final String WAITS_FOR_CLIENT =
      "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'ClientWrite'";

  private NumberedLines() {}

  /** The statement that sends the first so many lines. */
  public static String copyOut(int count) {
    return "COPY (SELECT lpad(i::text, %d, '0') FROM generate_series(1, %d) i) TO STDOUT"
        .formatted(LINE_BYTES - 1, count);
  }

  /** The line of a number, from 1, with its newline. */
  public static byte[] line(int number) {
    String digits = Integer.toString(number);
    return ("0".repeat(LINE_BYTES - 1 - digits.length()) + digits + "\n").getBytes(US_ASCII);
  }

  /** Of the first so many lines. */
  public static long checksum(int count) {
    CRC32C checksum = new CRC32C();
    for (int i = 1; i <= count; i++) {
      checksum.update(line(i));
    }
    return checksum.getValue();
  }
}
