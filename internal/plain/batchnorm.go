package plain

// BatchNormStats computes the mean and the biased variance of each of c channels over rows, in
// float64 and relative to the first row: a mean that is large against the deviation costs no
// accuracy.
func BatchNormStats(mean, variance, x []float32, sums []float64, rows, c int) {
	sum, square, origin := sums[:c], sums[c:][:c], x[:c]
	clear(sum)
	clear(square)
	for r := range rows {
		row := x[r*c:][:c]
		for j, v := range row {
			d := float64(v) - float64(origin[j])
			sum[j] += d
			square[j] += d * d
		}
	}
	n := float64(rows)
	for j := range c {
		m := sum[j] / n
		mean[j] = float32(m + float64(origin[j]))
		variance[j] = float32(max(0, square[j]/n-m*m))
	}
}

// BatchNormForward computes y = (x - mean) * invstd * gamma + beta. y may be x.
func BatchNormForward(y, x, mean, invstd, gamma, beta []float32, rows, c int) {
	mean, invstd, gamma, beta = mean[:c], invstd[:c], gamma[:c], beta[:c]
	for r := range rows {
		in, out := x[r*c:][:c], y[r*c:][:c]
		for j, v := range in {
			out[j] = (v-mean[j])*invstd[j]*gamma[j] + beta[j]
		}
	}
}

// BatchNormBackward computes the gradients of x, gamma and beta, where mean and invstd were taken
// from x itself. dx may be dy.
//
//	dx = gamma * invstd * (dy - mean(dy) - xhat * mean(dy * xhat)),  xhat = (x - mean) * invstd
func BatchNormBackward(dx, dgamma, dbeta, dy, x, mean, invstd, gamma []float32, sums []float64,
	rows, c int) {
	sum, product := sums[:c], sums[c:][:c]
	clear(sum)
	clear(product)
	mean, invstd, gamma = mean[:c], invstd[:c], gamma[:c]
	for r := range rows {
		g, in := dy[r*c:][:c], x[r*c:][:c]
		for j, d := range g {
			sum[j] += float64(d)
			product[j] += float64(d * (in[j] - mean[j]) * invstd[j])
		}
	}
	// dx = a*dy + b*x + k for each channel, with a = gamma*invstd.
	n := float64(rows)
	for j := range c {
		dbeta[j], dgamma[j] = float32(sum[j]), float32(product[j])
		sum[j], product[j] = sum[j]/n, product[j]/n
	}
	for r := range rows {
		g, in, out := dy[r*c:][:c], x[r*c:][:c], dx[r*c:][:c]
		for j, d := range g {
			xhat := (in[j] - mean[j]) * invstd[j]
			out[j] = gamma[j] * invstd[j] * (d - float32(sum[j]) - xhat*float32(product[j]))
		}
	}
}
