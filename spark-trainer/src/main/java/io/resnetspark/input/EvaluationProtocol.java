package io.resnetspark.input;

import io.resnetspark.storage.BadInputException;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Which crops of an image an evaluation uses. The probabilities of all crops are averaged. */
public enum EvaluationProtocol {
    /** The center crop, as after every epoch. */
    ONE_CROP {
        @Override
        public TestTimeCrops crops(Crop.CenterCrop crop) {
            return new TestTimeCrops.OneCrop(crop);
        }
    },
    /** Corners and center, each also flipped: the paper's "standard 10-crop testing" (section 4.1). */
    TEN_CROP {
        @Override
        public TestTimeCrops crops(Crop.CenterCrop crop) {
            return new TestTimeCrops.TenCrop(crop.shorterSide(), crop.side());
        }
    },
    /**
     * The whole image and its flip at the paper's five scales, relative to the crop's side (section 3.4), by a network
     * that is fully convolutional.
     *
     * <p>Scores are averaged as in Simonyan and Zisserman 2015, which the paper follows. The classifier, as a 1x1
     * convolution, gives a map of class scores; that map is averaged over its positions, before the softmax (section
     * 3.2). A mean commutes with a linear layer, so this is global average pooling of the whole image's features and
     * then the classifier: the network as it is, on another size. Probabilities, after the softmax, are averaged over
     * the image and its flip (section 3.2) and over scales (section 4.2).
     */
    MULTI_SCALE {
        @Override
        public TestTimeCrops crops(Crop.CenterCrop crop) {
            return TestTimeCrops.MultiScale.relativeTo(crop.side());
        }
    };

    /** Those whose crops are as large as those that the network was trained on; any network can compute them. */
    public static final List<EvaluationProtocol> OF_SQUARE_CROPS = List.of(ONE_CROP, TEN_CROP);

    /** @param crop the model's evaluation crop */
    public abstract TestTimeCrops crops(Crop.CenterCrop crop);

    /** Whether the network must take images of any size. */
    public boolean isOfWholeImages() {
        return !OF_SQUARE_CROPS.contains(this);
    }

    /**
     * The protocol of this name: one-crop, ten-crop or multi-scale.
     *
     * @throws BadInputException if there is none
     */
    public static EvaluationProtocol named(String name) {
        for (EvaluationProtocol protocol : values()) {
            if (protocol.toString().equals(name)) {
                return protocol;
            }
        }
        throw new BadInputException("There is no protocol '" + name + "'; there is " + names(List.of(values())) + ".");
    }

    /** Their names, as in "one-crop or ten-crop". */
    public static String names(List<EvaluationProtocol> protocols) {
        return protocols.stream().map(EvaluationProtocol::toString).collect(Collectors.joining(" or "));
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
