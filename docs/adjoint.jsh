import module dev.adjoint;
import module dev.adjoint.explain;
import dev.adjoint.autodiff.Parameter;
import dev.adjoint.nn.Buffer;
