package io.resnetspark.input;

import io.resnetspark.storage.BadInputException;
import java.util.Arrays;
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
    };

    /** @param crop the model's evaluation crop */
    public abstract TestTimeCrops crops(Crop.CenterCrop crop);

    /**
     * The protocol of this name: one-crop or ten-crop.
     *
     * @throws BadInputException if there is none
     */
    public static EvaluationProtocol named(String name) {
        for (EvaluationProtocol protocol : values()) {
            if (protocol.toString().equals(name)) {
                return protocol;
            }
        }
        throw new BadInputException("There is no protocol '" + name + "'; there is " + names() + ".");
    }

    /** All names, as in "one-crop or ten-crop". */
    public static String names() {
        return Arrays.stream(values()).map(EvaluationProtocol::toString).collect(Collectors.joining(" or "));
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
