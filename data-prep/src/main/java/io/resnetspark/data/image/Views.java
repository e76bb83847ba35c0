package io.resnetspark.data.image;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/** What is seen of a picture in testing, where the scores of several views are averaged. */
public sealed interface Views extends Serializable {
    List<Image> of(Image image);

    /**
     * Ten crops (Krizhevsky, Sutskever and Hinton 2012, section 4.1): the corners and the centre, and their mirror
     * images. The paper's comparisons take the shorter side 256 and crops of 224.
     */
    record TenCrop(int shorter, int side) implements Views {
        public TenCrop {
            if (side < 1 || shorter < side) {
                throw new IllegalArgumentException(
                        "Crops of " + side + " do not fit into a shorter side of " + shorter + " pixels");
            }
        }

        @Override
        public List<Image> of(Image image) {
            Image scaled = image.image(Cut.shorterSide(image, shorter));
            int right = scaled.width() - side;
            int bottom = scaled.height() - side;
            List<Image> views = new ArrayList<>();
            for (int[] corner :
                    new int[][] {{0, 0}, {right, 0}, {0, bottom}, {right, bottom}, {right / 2, bottom / 2}}) {
                views.add(scaled.cut(corner[0], corner[1], side, side));
            }
            views.addAll(views.stream().map(Image::mirrored).toList());
            return views;
        }
    }

    /**
     * The whole picture at several scales, and its mirror images, for a network that takes any size: the paper's best
     * results (section 3.4) are at shorter sides of 224, 256, 384, 480 and 640 pixels.
     */
    record MultiScale(List<Integer> shorterSides) implements Views {
        public static final MultiScale PAPER = new MultiScale(List.of(224, 256, 384, 480, 640));

        public MultiScale {
            shorterSides = List.copyOf(shorterSides);
            if (shorterSides.isEmpty() || shorterSides.stream().anyMatch(side -> side < 1)) {
                throw new IllegalArgumentException(
                        "Multi-scale testing needs positive shorter sides, not " + shorterSides);
            }
        }

        @Override
        public List<Image> of(Image image) {
            List<Image> views = new ArrayList<>();
            for (int shorter : shorterSides) {
                Image scaled = image.image(Cut.shorterSide(image, shorter));
                views.add(scaled);
                views.add(scaled.mirrored());
            }
            return views;
        }
    }
}
