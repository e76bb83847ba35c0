package io.resnetspark.model.analysis;

import io.resnetspark.model.analysis.NetworkStructure.Kind;
import io.resnetspark.model.graph.LayerwisePass;
import io.resnetspark.model.graph.NativeFloats;
import io.resnetspark.model.graph.NetworkGraph;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Where a network looks for the class that it finds most probable.
 *
 * @param probabilities of all classes
 * @param label the class that the map is of
 * @param map of the last feature maps
 * @param exact whether the map's mean over positions plus the bias is the class's logit: a class-activation map (Zhou et
 *     al. 2016), where global average pooling and the classifier follow the last feature maps. Else Grad-CAM (Selvaraju
 *     et al. 2017), of the last convolution.
 */
@SuppressWarnings("ArrayRecordComponent") // carried, never compared
public record Explanation(float[] probabilities, int label, ActivationMap map, boolean exact) {
    /** @param planes 3 x side x side values of one image */
    public static Explanation of(NetworkGraph graph, NetworkStructure structure, float[] planes, int side) {
        INDArray image = Nd4j.createFromArray(planes).reshape(1, 3, side, side);
        return structure.has(Kind.GLOBAL_AVERAGE)
                ? classActivation(graph, structure, image)
                : gradCam(graph, structure, image);
    }

    private static Explanation classActivation(NetworkGraph graph, NetworkStructure structure, INDArray image) {
        String features = structure.last(Kind.GLOBAL_AVERAGE).inputs().get(0);
        String classifier = structure.last(Kind.CLASSIFIER).name();
        Map<String, INDArray> outputs = new HashMap<>();
        LayerwisePass.infer(graph, image, Set.of(features, classifier), outputs::put);
        float[] probabilities = outputs.get(classifier).dup('c').data().asFloat();
        int label = largest(probabilities);
        return new Explanation(
                probabilities, label, map(outputs.get(features), weights(graph, classifier, label)), true);
    }

    private static Explanation gradCam(NetworkGraph graph, NetworkStructure structure, INDArray image) {
        String features = structure.last(Kind.BIASED_CONVOLUTION).name();
        String classifier = structure.last(Kind.CLASSIFIER).name();
        float[] probabilities = graph.outputSingle(image).dup('c').data().asFloat();
        int label = largest(probabilities);
        double[] weights = weights(graph, classifier, label);
        LayerwisePass pass = new LayerwisePass(graph);
        pass.forward(image);
        INDArray ofLogit =
                Nd4j.createFromArray(weights).castTo(image.dataType()).reshape(1, weights.length);
        double[][] means = new double[1][];
        pass.backward(pass.features(), ofLogit, features, LayerwisePass.Route.EVERYWHERE, new LayerwisePass.Observer() {
            @Override
            public void output(String layer, INDArray gradient) {
                if (layer.equals(features)) {
                    means[0] = pass.plain(layer, gradient).mean(0, 2, 3).data().asDouble();
                }
            }
        });
        ActivationMap map = map(pass.output(features), means[0]);
        float[] positive = map.values().clone();
        for (int p = 0; p < positive.length; p++) {
            positive[p] = Math.max(0, positive[p]);
        }
        return new Explanation(probabilities, label, new ActivationMap(map.height(), map.width(), positive), false);
    }

    private static ActivationMap map(INDArray features, double... weights) {
        return ActivationMap.of(NativeFloats.copy(features), (int) features.size(2), (int) features.size(3), weights);
    }

    /** Of one class, from each feature. */
    private static double[] weights(NetworkGraph graph, String classifier, int label) {
        INDArray weights = graph.getParam(classifier + "_W").dup('c');
        int classes = (int) weights.size(1);
        float[] all = weights.data().asFloat();
        double[] ofClass = new double[(int) weights.size(0)];
        Arrays.setAll(ofClass, feature -> all[feature * classes + label]);
        return ofClass;
    }

    private static int largest(float... values) {
        int largest = 0;
        for (int i = 1; i < values.length; i++) {
            largest = values[i] > values[largest] ? i : largest;
        }
        return largest;
    }
}
