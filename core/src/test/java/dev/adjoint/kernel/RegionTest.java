package dev.adjoint.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.adjoint.kernel.Storage.Region;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class RegionTest {

  private static final int LARGE = 16_411; // as nobody else asks for

  @Test
  void aRegionGivesBackWhatNobodyHoldsAndOnce() {
    Region region = Region.within("gone");
    region.call(() -> {
      Storage held = result();
      Storage free = result();
      region.hold(held);
      region.hold(held); // a view of it waits, too
      region.sweep();
      refuses(free);
      region.release(held);
      region.sweep();
      readable(held);
      region.release(held);
      region.sweep();
      refuses(held);
      float[] first = Buffers.uninitializedFloats(LARGE);
      float[] second = Buffers.uninitializedFloats(LARGE);
      float[] third = Buffers.uninitializedFloats(LARGE);
      assertThat(first).isSameAs(held.array());
      assertThat(second).isSameAs(free.array());
      assertThat(third).isNotSameAs(first).isNotSameAs(second);
      return null;
    });
  }

  @Test
  void anArrayThatWasUsedAgainIsNotReadByItsOldName() {
    Region region = Region.within("gone");
    Storage old = region.call(RegionTest::result);
    region.end(true);
    Region next = Region.within("gone too");
    Storage now = next.call(RegionTest::result);
    assertThat(now.array()).isSameAs(old.array());
    refuses(old);
    assertThatIllegalStateException().isThrownBy(() -> old.checkAfter(0)).withMessage("gone");
    readable(now);
  }

  @Test
  void whatLeavesOrIsKeptOutlivesTheRegion() {
    Region outer = Region.within("outer is gone");
    outer.call(() -> {
      Region inner = Region.within("inner is gone");
      Storage left = inner.call(RegionTest::result);
      Storage kept = inner.call(RegionTest::result);
      Storage outside = inner.call(() -> inner.outside(RegionTest::result));
      Storage small = inner.call(() -> Storage.ofResult(new float[1]));
      inner.leave(left);
      kept.keep();
      inner.end(true);
      refuses(small);
      readable(left);
      readable(outside);
      outer.end(true);
      refuses(left);
      refuses(outside);
      readable(kept);
      return null;
    });
  }

  @Test
  void aRegionThatEndsByAnExceptionGivesNothingBack() {
    Region region = Region.within("gone");
    Storage storage = region.call(RegionTest::result);
    region.end(false);
    refuses(storage);
    Object next = Region.within("").call(() -> Buffers.uninitializedFloats(LARGE));
    assertThat(next).isNotSameAs(storage.array());
  }

  @Test
  void zerosAreZerosWhateverTheArrayHeld() {
    Region region = Region.within("gone");
    Storage storage = region.call(RegionTest::result);
    region.end(true);
    float[] zeros = Region.within("").call(() -> Buffers.zeroedFloats(LARGE));
    assertThat(zeros).isSameAs(storage.array()).containsOnly(0);
  }

  private static Storage result() {
    float[] array = Buffers.uninitializedFloats(LARGE);
    Arrays.fill(array, 1);
    return Storage.ofResult(array);
  }

  private static void readable(Storage storage) {
    assertThatCode(() -> storage.check(0)).doesNotThrowAnyException();
  }

  private static void refuses(Storage storage) {
    assertThatIllegalStateException().isThrownBy(() -> storage.check(0));
  }
}
