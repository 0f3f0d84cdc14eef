"""What the Python package hibari-tts 0.2.1 makes of hard texts, and of given network outputs: FILE.npz and FILE.json.

    python tools/make_hibari_fixture.py fixtures/speech/hibari

The JSON file has [text, phonemes] for texts that try every rule of the front end, and the ids of one sentence. The .npz file has frames of the network's
outputs for one sentence (voiced, unvoiced and the border between them), noise, the source signal and the samples that the
package's vocoder makes of them.
"""
import json
import sys

import numpy as np
from hibari import Hibari, dsp

TEXTS = """
Hello there.
The quick brown fox jumps over the lazy dog, and she sells sea shells by the sea shore.
I read the book yesterday; will you read it too? They live near a live wire.
He used to use the record that they record every day.
She is a member of the U.S. Navy and the F.B.I., i.e. a spy.
The end of the apple, the pear, to eat, to go, to.
I am an engineer. Am I? What I am. AM radio at 9 AM.
Don't you think it's o'clock? We'll see, they've said; rock 'n' roll, the '90s.
The dogs' bowls, James's hat, the boss's office, a cat's whiskers.
He walked, stopped, wanted, needed, played, patted, and kissed.
Running, hoping, hopping, picnicking, writing, putting, seeing, dyeing.
Boxes, churches, flies, buses, kisses, ways, houses, axes.
NASA and IBM met at MIT. THE END IS NEAR. WARNING: DO NOT ENTER.
It was McDonald's iPhone, YouTube, JavaScript and eBay.
On July 4, 1776, 1,250 people came. It was 3/14/2015, then 2024-02-29.
On the 3rd of March 2024, at 7:30 pm, $9.99 each; at 12:00, at 5:05:01, at 23:59.
May 5th, 5 May, the 21st of Sept. 1999, Jan. 1, 1900 and 1905, 2005, 2010, 476.
It costs $5, $1.01, $0.50, $3.5 million, £20, €1, ¥100, 5¢, Rs. 50, USD 20, $2k.
The temperature is -5°C, 72 °F, 90°, and 1 km is 0.62 mi; 5 kg, 6ft, 10 Mbps, 60 mph, 3 GB.
Call 555-0199 or 800-555-0199. Pages 10-20, 1990–1995, 3/4 cup, 1/2, 7/8, 24/7, 13/40.
Dr. Smith of St. Louis lives on Elm St. near Mt. Hood with Mr. and Mrs. Jones Jr.
Prof. Lee, Gen. Grant, Capt. Kirk, approx. 5 vs. 6, No. 5, Fig. 3, et al. and etc.
Chapter IV, World War II, Henry VIII, Elizabeth II, Part IX, Louis XIV's palace.
1st, 2nd, 3rd, 4th, 11th, 21st, 100th, 1,000th, 12,345,678, 1000000000000.
0.5, 3.14159, 10.00, .75, 007, 1.2.3, version 2.0.1, A4, B52s, MP3, COVID-19, 5x.
100%, 50 percent, +5, -5, 2+2=4, x<y, a>b, ~7, C++, C#, AT&T, R&D, #1, a/b, and/or.
Visit https://example.com/path or www.test.org, mail me@host.com, foo.bar, file.txt.
Well-known, mother-in-law, state-of-the-art, re-enter, twenty-one, e-mail, X-ray.
"Quoted," she said. 'Single' (parens) [brackets] {braces} “curly” ‘single curly’.
Wait... what?! No—really – yes; hmm… a - b.
Grothendieck, Xylographer, blorptastic, Nguyen, Dvořák, naïve café, São Paulo, Zürich.
snake_case, camelCase, HTTPServer, foo2bar, face2face, B2B, x86_64, utf-8.
The NBA's, the 1980s, the '80s, 80's, 5ing, OK'd, 3D.
½ cup, 5², x³, ±3, 5×4, 8÷2, ©2020, Brand™, →, §5, a|b, a*b, a^b, \\ backslash.
Go to sleep. Go to. I want to eat. TO whom? It is by far by the way. Come in. IN it.
minute, lead, tear, wind, close, object, present, desert, content, separate, live.
mm, Hmm, shh, pfft, www, xyz, qwrtp, B. C. D., A, a, I, O.
Ω is omega, Москва, αβγ, Straße, Æsop.
I'd've, y'all, ain't, can't, cannot, gonna, gotta, lemme, o'clock, ma'am.
It's 10am or 10 a.m. or 10 A.M., 5pm. The 5 o'clock news at 6:00 AM.
""".strip().splitlines()

SENTENCE = "She sells six shells."
FRAMES = slice(8, 32)


def main(stem):
    voice = Hibari()
    readings = [[text, voice.g2p(text)] for text in TEXTS]
    ids = voice.ids(voice.g2p(SENTENCE))
    with open(stem + ".json", "w", encoding="utf-8") as file:
        fixture = {"readings": readings, "sentence": SENTENCE, "ids": ids}
        json.dump(fixture, file, ensure_ascii=False, indent=0)
        file.write("\n")

    outputs = voice.sess.run(None, {"ids": np.asarray([ids], np.int64), "speed": np.ones(1, np.float32)})
    names = ["lh", "theta", "ln", "lr", "phi", "f0"]
    # What the network gives has far more digits than anyone hears.
    arrays = {name: output[0][..., FRAMES].astype(np.float16) for name, output in zip(names, outputs)}
    lh, theta, ln, lr, phi, f0 = (arrays[name].astype(np.float32) for name in names)
    frames = lh.shape[1]

    class Given:
        def standard_normal(self, shape, dtype):
            noise = np.random.default_rng(1).standard_normal(shape).astype(np.float16).astype(dtype)
            arrays["noise"] = noise.reshape(shape[0], frames, 2).astype(np.float16)
            return noise

    arrays["pulses"] = dsp.pulses(f0)
    arrays["samples"] = dsp.synth(lh, theta, ln, lr, phi, f0, Given())
    np.savez_compressed(stem + ".npz", **arrays)
    print(f"{len(readings)} texts, {frames} frames, pitch {f0.min():.0f} to {f0.max():.0f} Hz")


main(sys.argv[1])
