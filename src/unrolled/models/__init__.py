"""Models: a head on top of any recurrent layer, and two without any.

Each but the two Transformers adds one linear layer to a `Recurrent`, or to its
fast kind `LSTM`. Tokens, whole numbers from 0 to D - 1, enter a layer of D
inputs as rows of 0 with a single 1.

In all of them:

- `generator` is the source of the first weights, of the head where the layer
  is given; default: PyTorch's global one. Dropout draws from the global one.
- `lengths`, where asked for, says how many steps count; default: all T.
"""

from unrolled.models.char_lm import CharLM
from unrolled.models.forecast import Forecaster
from unrolled.models.heads import Classifier, Tagger
from unrolled.models.seq2seq import Seq2Seq
from unrolled.models.transformer import CausalTransformer, Transformer
