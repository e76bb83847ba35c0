package io.resnetspark.data.image;

import io.resnetspark.storage.BadInputException;
import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** How an evaluation sees pictures; the probabilities of a picture's views are averaged. */
public enum EvaluationProtocol {
    /** The centre of each picture, as after every epoch. */
    ONE_CROP {
        @Override
        public TestTimeCrops crops(Crop.CenterCrop crop) {
            return new TestTimeCrops.OneCrop(crop);
        }
    },
    /** Corners, centre and their mirror images: the paper's "standard 10-crop testing" (section 4.1). */
    TEN_CROP {
        @Override
        public TestTimeCrops crops(Crop.CenterCrop crop) {
            return new TestTimeCrops.TenCrop(crop.shorterSide(), crop.side());
        }
    };

    /** @param crop that the model is evaluated with */
    public abstract TestTimeCrops crops(Crop.CenterCrop crop);

    /**
     * By its name: one-crop, ten-crop.
     *
     * @throws BadInputException if there is none of that name
     */
    public static EvaluationProtocol named(String name) {
        for (EvaluationProtocol protocol : values()) {
            if (protocol.toString().equals(name)) {
                return protocol;
            }
        }
        throw new BadInputException("There is no protocol '" + name + "'; there is " + names() + ".");
    }

    /** As in "one-crop or ten-crop". */
    public static String names() {
        return Arrays.stream(values()).map(EvaluationProtocol::toString).collect(Collectors.joining(" or "));
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
