"""Networks by hand: forward, backward and training in NumPy alone.

- `lstm`: the LSTM, forward and backward;
- `rnn`: the plain recurrent network, which forgets;
- `paths`: a gradient taken apart, by step and by path;
- `training`: predictions from hidden states, losses and optimisers.
"""

from unrolled.by_hand import lstm, paths, rnn, training
