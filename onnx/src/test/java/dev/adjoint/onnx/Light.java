package dev.adjoint.onnx;
import java.nio.file.*; import java.util.*; import dev.adjoint.tensor.*;
final class Light { public static void main(String[] a) throws Exception {
 try (var s = Files.list(Path.of("/tmp/onnx/light"))) { for (Path f : s.filter(p->p.toString().endsWith(".onnx")).sorted().toList()) {
  long t=System.nanoTime();
  try { OnnxModel m = OnnxModel.load(f); m.freeze();
   Tensor x = Tensors.full(Shape.of(1,3,224,224), 1, DType.FLOAT32);
   if (f.toString().contains("inception_v2")||f.toString().contains("x")) {}
   var g = ProtoReader.model(com.google.protobuf.ByteString.copyFrom(Files.readAllBytes(f))).graph();
   System.out.println(f.getFileName()+" inputs "+m.inputs()+" "+g.inputs().stream().filter(i->m.inputs().contains(i.name())).toList()+" opsets "+ProtoReader.model(com.google.protobuf.ByteString.copyFrom(Files.readAllBytes(f))).opsets());
   double[] in = new double[3*224*224]; 
   for (int i=0;i<in.length;i++) in[i]=i/(double)in.length;
   Tensor y = m.forward(Tensor.of(in, 1,3,224,224).to(DType.FLOAT32));
   Value e = Conformance.read(Path.of(f.toString().replace(".onnx","_output_0.pb")));
   System.out.println("   "+Conformance.difference(Value.of(y), e)+" "+(System.nanoTime()-t)/1000000+" ms");
  } catch (Throwable t2) { System.out.println(f.getFileName()+" "+t2); }
 } } } }
