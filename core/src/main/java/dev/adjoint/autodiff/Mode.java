package dev.adjoint.autodiff;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How operations of the current scope behave: whether they are recorded, whether results are
 * searched for anomalies, and whether tracked tensors may be read out.
 *
 * @param recording whether outputs of tracked inputs are tracked
 * @param detecting whether the first NaN or infinity throws
 * @param site the line of user code of the operation whose pullback is running while detecting: its
 *     parts are not searched one by one, and what they record is from there; null elsewhere
 * @param sealedBy the custom function whose pullback is being recorded, in which reading out a
 *     tracked tensor would silently cut the graph; null elsewhere
 * @param births where nodes get their numbers from
 * @param trace what sees every step while a function is run on samples; null elsewhere
 */
record Mode(
    boolean recording,
    boolean detecting,
    @Nullable String site,
    @Nullable String sealedBy,
    Births births,
    @Nullable Trace trace) {

  private static final Mode DEFAULT = new Mode(true, false, null, null, Births.ALL, null);
  private static final ScopedValue<Mode> CURRENT = ScopedValue.newInstance();

  static Mode current() {
    return CURRENT.orElse(DEFAULT);
  }

  Mode recording(boolean on) {
    return on == recording ? this : new Mode(on, detecting, site, sealedBy, births, trace);
  }

  Mode detecting(boolean on) {
    return on == detecting ? this : new Mode(recording, on, site, sealedBy, births, trace);
  }

  Mode sealedBy(@Nullable String function) {
    return Objects.equals(function, sealedBy)
        ? this
        : new Mode(recording, detecting, site, function, births, trace);
  }

  Mode site(@Nullable String line) {
    return new Mode(recording, detecting, line, sealedBy, births, trace);
  }

  Mode births(Births numbers) {
    return new Mode(recording, detecting, site, sealedBy, numbers, trace);
  }

  /** Returns the default mode, in which every step is seen as well. */
  static Mode traced(Trace trace) {
    return new Mode(true, false, null, null, Births.ALL, trace);
  }

  /** Runs an action in this mode; the mode ends with the action, whatever happens. */
  <T extends @Nullable Object, X extends Throwable> T call(
      ScopedValue.CallableOp<? extends T, X> action) throws X {
    return this.equals(current()) ? action.call() : ScopedValue.where(CURRENT, this).call(action);
  }
}
