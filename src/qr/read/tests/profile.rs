//! Pictures that say what their numbers mean.

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ImageBuffer, ImageEncoder, Luma};

use super::{TEXT, grey, in_time, read, texts};

/// A profile (ICC.1) of grey whose numbers are light itself.
fn light_itself() -> Vec<u8> {
    let tags: [(&[u8; 4], Vec<u8>); 2] = [
        // The white that it is seen under, in 1/65536.
        (
            b"wtpt",
            [
                *b"XYZ ",
                [0; 4],
                [0, 0, 0xf6, 0xd6],
                [0, 1, 0, 0],
                [0, 0, 0xd3, 0x2d],
            ]
            .concat(),
        ),
        // A curve without points is a straight line.
        (b"kTRC", [*b"curv", [0; 4], [0; 4]].concat()),
    ];
    let word = |number: usize| u32::try_from(number).unwrap().to_be_bytes();
    let mut table = word(tags.len()).to_vec();
    let mut data = Vec::new();
    for (name, tag) in &tags {
        let at = 128 + 4 + 12 * tags.len() + data.len();
        table.extend([**name, word(at), word(tag.len())].concat());
        data.extend(tag);
    }
    let mut profile = vec![0; 128];
    profile[8..12].copy_from_slice(&[2, 0x40, 0, 0]);
    profile[12..24].copy_from_slice(b"mntrGRAYXYZ ");
    profile[36..40].copy_from_slice(b"acsp");
    profile[68..80].copy_from_slice(&tags[0].1[8..]);
    profile.extend([table, data].concat());
    let length = word(profile.len());
    profile[..4].copy_from_slice(&length);
    profile
}

fn write(picture: &DynamicImage, mut encoder: impl ImageEncoder) {
    encoder.set_icc_profile(light_itself()).unwrap();
    picture.write_with_encoder(encoder).unwrap();
}

/// As a camera's raw converter writes them: a grey that looks half as bright as white is a quarter of
/// it. The profile need not be applied, because dark stays darker than light under any.
#[test]
fn a_picture_with_a_profile_of_its_own_is_read() {
    let code = grey(TEXT);
    let dim = ImageBuffer::from_fn(code.width(), code.height(), |x, y| {
        let looks = u32::from(code.get_pixel(x, y)[0]) / 3 + 60;
        Luma([u16::try_from(looks * looks).unwrap()])
    });
    let deep = DynamicImage::ImageLuma16(dim);
    let plain = DynamicImage::ImageLuma8(deep.to_luma8());
    let colours = DynamicImage::ImageRgb8(deep.to_rgb8());
    let mut files = [const { Vec::new() }; 4];
    let [one, two, three, four] = &mut files;
    write(&deep, PngEncoder::new(one));
    write(&plain, PngEncoder::new(two));
    write(&plain, JpegEncoder::new(three));
    write(&colours, WebPEncoder::new_lossless(four));
    for (file, name) in files.iter().zip([b"iCCP", b"iCCP", b"ICC_", b"ICCP"]) {
        assert!(file.windows(4).any(|word| word == name));
        assert_eq!(texts(read(file, &in_time)), [TEXT]);
    }
}
